/* The two functions of the C library for which version 2.34 would not be enough, as it was before. Linked with --wrap. */
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

/* CPython takes the one of version 2.35; they differ in the last digit at most. */
double older_hypot(double, double);
__asm__(".symver older_hypot, hypot@GLIBC_2.2.5");

double __wrap_hypot(double x, double y) {
    return older_hypot(x, y);
}

/* Expat takes the one of version 2.36, which is this. */
void __wrap_arc4random_buf(void *to, size_t size) {
    for (char *at = to; size > 0;) {
        /* Up to 256 bytes come at once and always, once the system has begun to have randomness. */
        ssize_t got = getrandom(at, size < 256 ? size : 256, 0);
        if (got < 0)
            abort();
        at += got;
        size -= (size_t)got;
    }
}
