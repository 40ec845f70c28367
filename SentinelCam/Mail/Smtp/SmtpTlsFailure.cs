using System.ComponentModel;

namespace SentinelCam.Mail;

/// <summary>Explains why a TLS handshake failed. .NET only passes on what the system's TLS library says.</summary>
internal static class SmtpTlsFailure
{
    // SEC_E_ALGORITHM_MISMATCH and SEC_E_UNSUPPORTED_FUNCTION: Windows does not say which of the two is missing
    private static readonly int[] WindowsMismatch = [unchecked((int)0x80090331), unchecked((int)0x80090302)];

    // The server's alert or this machine's refusal, in OpenSSL's words. A server that only has TLS 1.0 often reports a failure
    // about encryption methods, so the two cannot be told apart.
    private static readonly string[] MismatchWords =
    [
        "unsupported protocol", "alert protocol version", "no protocols available", "inappropriate fallback",
        "bad protocol version", "handshake failure", "no shared cipher", "insufficient security", "no ciphers available",
        "no suitable", "dh key too small", "ee key too small", "ca md too weak", "ca key too small", "legacy",
        "wrong signature type", "unknown cipher", "wrong cipher", "no shared signature", "no shared group", "wrong curve",
        "bad dh value",
    ];

    // What is not TLS at all, such as a greeting in plain text
    private static readonly string[] PlainTextWords =
        ["wrong version number", "packet length too long", "http request", "unexpected message", "corrupted frame", "frame size"];

    /// <summary>What went wrong in words, and the remedy.</summary>
    public static (string Problem, string Remedy) Explain(Exception failure, SmtpOptions options)
    {
        var words = string.Join(" ", Chain(failure).Select(e => e.Message));
        var cause = failure.GetBaseException().Message;
        if (Mentions(words, PlainTextWords))
            return ("TLS could not be set up, because the reply was not TLS: " + cause, SmtpRemedy.ForHandshake(options));
        if (Mentions(words, MismatchWords)
            || Chain(failure).OfType<Win32Exception>().Any(e => WindowsMismatch.Contains(e.NativeErrorCode)))
        {
            return ("The server and this machine have no TLS version or encryption method in common: " + cause,
                SmtpRemedy.UpdateTls);
        }

        return ("TLS could not be set up: " + cause, SmtpRemedy.ForHandshake(options));
    }

    private static bool Mentions(string text, string[] words) =>
        Array.Exists(words, word => text.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<Exception> Chain(Exception failure)
    {
        for (var e = failure.InnerException; e is not null; e = e.InnerException)
            yield return e;
    }
}
