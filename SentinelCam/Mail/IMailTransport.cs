using MimeKit;

namespace SentinelCam.Mail;

/// <summary>The way a mail leaves this machine.</summary>
public interface IMailTransport
{
    /// <summary>Where mails go, for pages and logs: <c>smtp.example.org:587</c> or <c>the outbox</c>.</summary>
    string Description { get; }

    /// <summary>Sends one mail and says what became of it.</summary>
    /// <param name="message">A complete message: sender, recipients, Date and Message-ID are set.</param>
    /// <param name="cancellationToken">Ends the try early, for example when the app stops.</param>
    /// <returns>The outcome, within 60 seconds; every failure of network, server or disk is an outcome and no exception.</returns>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was set before the server was given the message. Afterwards the outcome is
    /// <see cref="MailResult.Unknown"/>, for the mail may be on its way.
    /// </exception>
    Task<MailOutcome> SendAsync(MimeMessage message, CancellationToken cancellationToken);

    /// <summary>Sends one mail over a connection of its own and reports each step on the way.</summary>
    /// <param name="message">A complete message.</param>
    /// <param name="report">Called after each step, the failed one included, in their order.</param>
    /// <param name="cancellationToken">Ends the try early.</param>
    /// <returns>As <see cref="SendAsync"/>.</returns>
    Task<MailOutcome> TestAsync(MimeMessage message, Action<MailStep> report, CancellationToken cancellationToken);
}
