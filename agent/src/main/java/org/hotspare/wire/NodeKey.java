package org.hotspare.wire;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Shows one certificate, with its authority's, to whoever asks. Where it is replaced between two
 * questions of one handshake, that handshake fails.
 */
final class NodeKey extends X509ExtendedKeyManager {
  private static final String ALIAS = "node";

  private final Supplier<X509Certificate> certificate;
  private final X509Certificate authority;
  private final Supplier<PrivateKey> key;

  NodeKey(X509Certificate certificate, X509Certificate authority, PrivateKey key) {
    this(() -> certificate, authority, () -> key);
  }

  NodeKey(
      Supplier<X509Certificate> certificate, X509Certificate authority, Supplier<PrivateKey> key) {
    this.certificate = certificate;
    this.authority = authority;
    this.key = key;
  }

  @Override
  public String[] getClientAliases(String type, Principal @Nullable [] issuers) {
    return new String[] {ALIAS};
  }

  @Override
  public String[] getServerAliases(String type, Principal @Nullable [] issuers) {
    return new String[] {ALIAS};
  }

  @Override
  public String chooseClientAlias(
      String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return ALIAS;
  }

  @Override
  public String chooseServerAlias(
      String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return ALIAS;
  }

  @Override
  public String chooseEngineClientAlias(
      String[] types, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return ALIAS;
  }

  @Override
  public String chooseEngineServerAlias(
      String type, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return ALIAS;
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return new X509Certificate[] {certificate.get(), authority};
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return key.get();
  }
}
