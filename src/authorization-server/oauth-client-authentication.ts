/** The client authentication of oauth4webapi, in a file of its own so that only these functions are loaded. */
export { ClientSecretBasic, ClientSecretPost, PrivateKeyJwt } from 'oauth4webapi'
