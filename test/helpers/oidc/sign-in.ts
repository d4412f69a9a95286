/** Login and consent pages of the authorization code flow (where a client gets a PAT, an AAT or an ID token). Any password will do. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import type { Account } from '../../../src/testing/authorization-server/state.ts'
import { html, options, pageAnswer } from '../../../src/testing/wire/html.ts'
import { readBody, send } from '../http.ts'

interface SignIn {
  accounts: Record<string, Account>
  /** the path of the server, without a trailing slash */
  mount: string
  provider: Provider
}

export async function signIn(
  { accounts, mount, provider }: SignIn,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const interaction = await provider.interactionDetails(req, res)
  const { prompt, params, session, uid } = interaction
  if (req.method === 'GET') {
    const client = html(String(params['client_id']))
    const fields =
      prompt.name === 'login'
        ? `<p><label>Account <select name="login">${options(Object.keys(accounts))}</select></label></p><p><label>Password <input name="password" type="password"></label></p>`
        : `<p>${client} asks for: ${html(String(params['scope'] ?? ''))}</p>`
    const action = `${mount}/interaction/${uid}`
    const body =
      `<form method="post" action="${html(action)}"><input type="hidden" name="prompt" value="${html(prompt.name)}">${fields}` +
      '<p><button name="action" value="continue">Continue</button> <button name="action" value="abort">Cancel</button></p></form>'
    return send(res, pageAnswer(200, prompt.name === 'login' ? 'Sign in' : 'Allow access', body))
  }
  const fields = new URLSearchParams((await readBody(req)).toString())
  if (fields.get('action') === 'abort')
    return provider.interactionFinished(
      req,
      res,
      { error: 'access_denied', error_description: 'the person declined' },
      { mergeWithLastSubmission: false },
    )
  if (prompt.name === 'login') {
    const login = fields.get('login') ?? ''
    if (!Object.hasOwn(accounts, login)) return send(res, { status: 400, body: 'no such account' })
    return provider.interactionFinished(req, res, { login: { accountId: login } }, { mergeWithLastSubmission: false })
  }
  const grant = new provider.Grant({ accountId: session?.accountId, clientId: params['client_id'] })
  const { missingOIDCScope, missingOIDCClaims } = prompt.details
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '))
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims)
  return provider.interactionFinished(
    req,
    res,
    { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true },
  )
}
