using MailKit.Net.Smtp;
using MailKit.Security;

namespace SentinelCam.Mail;

/// <summary>
/// Signs in with the password. The connection is protected, so PLAIN and LOGIN come first: servers that offer them support them,
/// while others are often offered but do not work, and each failure counts against the account.
/// </summary>
internal static class SmtpSignIn
{
    public static async Task ByPasswordAsync(
        SmtpClient client, SmtpDialogue dialogue, SmtpOptions options, CancellationToken cancellationToken)
    {
        AuthenticationException? failure = null;
        SaslMechanism[] first =
        [
            new SaslMechanismPlain(options.UserName!, options.Password!),
            new SaslMechanismLogin(options.UserName!, options.Password!),
        ];
        foreach (var mechanism in first)
        {
            if (!client.AuthenticationMechanisms.Remove(mechanism.MechanismName))
                continue;
            try
            {
                await client.AuthenticateAsync(mechanism, cancellationToken);
                return;
            }
            catch (AuthenticationException refusal) when (IsAboutMechanism(dialogue.LastReply))
            {
                failure = refusal;
            }
        }

        try
        {
            await client.AuthenticateAsync(options.UserName!, options.Password!, cancellationToken);
        }
        catch (NotSupportedException) when (failure is not null)
        {
            // There is no other mechanism, so the server's reply to the last one counts
            throw failure;
        }
    }

    // 535 is about the password. Trying it again with another mechanism would count as another wrong password.
    private static bool IsAboutMechanism(string reply) =>
        reply is ['5', ..] && !reply.StartsWith("535", StringComparison.Ordinal) && !SmtpRefusal.IsTemporarySignInFailure(reply);
}
