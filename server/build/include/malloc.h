/*
 * Stands in front of the system's <malloc.h>, which QuickJS includes in all its files and libpq in none.
 *
 * libpq and QuickJS are linked into the same binary, and both define `unicode_normalize`. With the same name the linker refuses
 * them, or, worse, gives one of them the function of the other. Hence QuickJS's gets another name. libpq is compiled with
 * FRONTEND defined and keeps its own in any case.
 */
#include_next <malloc.h>

#ifndef FRONTEND
#define unicode_normalize quickjs_unicode_normalize
#endif
