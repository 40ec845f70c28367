using MimeKit;

namespace SentinelCam.Mail;

/// <summary>How mails leave this machine.</summary>
public interface IMailTransport
{
    /// <summary>Where mails go, for pages and logs: <c>smtp.example.org:587</c> or <c>the outbox</c>.</summary>
    string Description { get; }

    /// <summary>Sends one mail.</summary>
    /// <param name="message">A complete message, with sender, recipients, Date and Message-ID.</param>
    /// <param name="cancellationToken">Cancels the try, for example when the app stops.</param>
    /// <returns>
    /// The outcome, within <see cref="SmtpTransport.LongestTry"/>. A failure of the network, server or disk is an outcome, not an
    /// exception.
    /// </returns>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was canceled before any message data was sent. After that point the outcome is
    /// <see cref="MailResult.Unknown"/>, because the mail may have been delivered.
    /// </exception>
    Task<MailOutcome> SendAsync(MimeMessage message, CancellationToken cancellationToken);

    /// <summary>Sends one mail over a new connection and reports each step.</summary>
    /// <param name="message">A complete message.</param>
    /// <param name="report">Called after each step, in order, including the step that failed.</param>
    /// <param name="cancellationToken">Cancels the try.</param>
    /// <returns>The outcome, as from <see cref="SendAsync"/>.</returns>
    Task<MailOutcome> TestAsync(MimeMessage message, Action<MailStep> report, CancellationToken cancellationToken);
}
