// One entry per scheme: the secret that the server gets, how a delivery is signed, and which headers say when and what it was.
import '@shopify/shopify-api/adapters/node';
import crypto from 'node:crypto';
import { LinearWebhookClient } from '@linear/sdk/webhooks';
import { sign as octokitSign } from '@octokit/webhooks-methods';
import { createSHA256HMAC } from '@shopify/shopify-api/runtime';
import { verifyKey } from 'discord-interactions';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as Svix } from 'svix';
import twilio from 'twilio';

const key = 'a-secret-of-the-sender-0123456789';
const whsec = `whsec_${Buffer.from(key).toString('base64')}`;
const stripe = new Stripe('sk_test_nothing');
const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
const rawPublicKey = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);

const hmac = (secret, text, encoding) => crypto.createHmac('sha256', secret).update(text).digest(encoding);
const hmacAuth = (scheme) => `{type: hmac, scheme: ${scheme}, secret: "{{ secrets.SECRET }}"}`;
const json = { 'Content-Type': 'application/json' };

function standard(signer, prefix) {
  return (body, { id, at, secret = whsec }) => ({
    ...json,
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(at),
    [`${prefix}-signature`]: new signer(secret).sign(id, new Date(at * 1000), body),
  });
}

export const senders = [
  {
    name: 'standard',
    auth: hmacAuth('standard-webhooks'),
    secret: whsec,
    other: `whsec_${Buffer.from('another-secret-0123456789abcdef').toString('base64')}`,
    tolerance: 300,
    id: 'header',
    sign: standard(Webhook, 'webhook'),
  },
  {
    name: 'svix',
    auth: hmacAuth('standard-webhooks'),
    secret: whsec,
    other: `whsec_${Buffer.from('another-secret-0123456789abcdef').toString('base64')}`,
    tolerance: 300,
    id: 'header',
    sign: standard(Svix, 'svix'),
  },
  {
    name: 'standard_asymmetric',
    auth: hmacAuth('standard-webhooks'),
    secret: `whpk_${rawPublicKey.toString('base64')}`,
    tolerance: 300,
    id: 'header',
    sign: (body, { id, at, secret }) => {
      const signer = secret ? crypto.generateKeyPairSync('ed25519').privateKey : privateKey;
      const signature = crypto.sign(null, Buffer.from(`${id}.${at}.${body}`), signer).toString('base64');
      return { ...json, 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1a,${signature}` };
    },
  },
  {
    name: 'github',
    auth: hmacAuth('github'),
    id: 'header',
    sign: async (body, { id, secret = key }) => ({
      ...json,
      'X-GitHub-Delivery': id,
      'X-Hub-Signature-256': await octokitSign(secret, body),
    }),
  },
  {
    name: 'stripe',
    auth: hmacAuth('stripe'),
    tolerance: 300,
    id: 'id',
    sign: (body, { at, secret = key }) => ({
      ...json,
      'Stripe-Signature': stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: at }),
    }),
  },
  {
    name: 'slack',
    auth: hmacAuth('slack'),
    tolerance: 300,
    id: 'event_id',
    // Slack's libraries for Node only check requests; this is the example of Slack's documentation.
    sign: (body, { at, secret = key }) => ({
      ...json,
      'X-Slack-Request-Timestamp': String(at),
      'X-Slack-Signature': `v0=${hmac(secret, `v0:${at}:${body}`, 'hex')}`,
    }),
  },
  {
    name: 'shopify',
    auth: hmacAuth('shopify'),
    id: 'header',
    sign: async (body, { id, secret = key }) => ({
      ...json,
      'X-Shopify-Webhook-Id': id,
      'X-Shopify-Hmac-Sha256': await createSHA256HMAC(secret, body),
    }),
  },
  {
    name: 'twilio',
    auth: hmacAuth('twilio'),
    id: 'header',
    form: true,
    sign: (body, { id, url, secret = key }) => ({
      'Content-Type': 'application/x-www-form-urlencoded',
      'I-Twilio-Idempotency-Token': id,
      'X-Twilio-Signature': twilio.getExpectedTwilioSignature(secret, url, Object.fromEntries(new URLSearchParams(body))),
    }),
  },
  {
    name: 'gitlab',
    auth: '{type: token, scheme: gitlab, secret: "{{ secrets.SECRET }}"}',
    id: 'header',
    unsigned: true,
    sign: (_body, { id, secret = key }) => ({ ...json, 'Idempotency-Key': id, 'X-Gitlab-Token': secret }),
  },
  {
    name: 'linear',
    auth: hmacAuth('linear'),
    tolerance: 60,
    id: 'header',
    timeInBody: true,
    sign: (body, { id, at, secret = key }) => {
      const signature = hmac(secret, body, 'hex');
      if (secret === key && Math.abs(at - Date.now() / 1000) < 30) {
        new LinearWebhookClient(key).verify(Buffer.from(body), signature);
      }
      return { ...json, 'Linear-Delivery': id, 'Linear-Signature': signature };
    },
  },
  {
    name: 'discord',
    auth: '{type: ed25519, scheme: discord, secret: "{{ secrets.SECRET }}"}',
    secret: rawPublicKey.toString('hex'),
    tolerance: 300,
    id: 'id',
    sign: async (body, { at, secret }) => {
      const signer = secret ? crypto.generateKeyPairSync('ed25519').privateKey : privateKey;
      const signature = crypto.sign(null, Buffer.from(`${at}${body}`), signer).toString('hex');
      if (!secret && !(await verifyKey(body, signature, String(at), rawPublicKey.toString('hex')))) {
        throw new Error('Discord would not have signed it so');
      }
      return { ...json, 'X-Signature-Timestamp': String(at), 'X-Signature-Ed25519': signature };
    },
  },
  {
    name: 'zendesk',
    auth: hmacAuth('zendesk'),
    tolerance: 300,
    id: 'header',
    sign: (body, { id, at, secret = key }) => {
      const time = new Date(at * 1000).toISOString().replace('.000Z', 'Z');
      return {
        ...json,
        'X-Zendesk-Webhook-Invocation-Id': id,
        'X-Zendesk-Webhook-Signature-Timestamp': time,
        'X-Zendesk-Webhook-Signature': hmac(secret, time + body, 'base64'),
      };
    },
  },
].map((sender) => ({ secret: key, other: 'another-secret-entirely', ...sender }));
