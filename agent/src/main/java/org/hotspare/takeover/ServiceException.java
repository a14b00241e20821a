package org.hotspare.takeover;

/** A service could not be started, stopped or asked; the message says why. */
final class ServiceException extends Exception {
  private static final long serialVersionUID = 1L;

  ServiceException(String message) {
    super(message);
  }
}
