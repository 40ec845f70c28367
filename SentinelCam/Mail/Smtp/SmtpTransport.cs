using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using MimeKit;

namespace SentinelCam.Mail;

/// <summary>
/// Sends mails through an SMTP server. It keeps the connection for a while so that the next mail needs no lookup, TLS or sign-in.
/// </summary>
/// <param name="options">The server; its host must be set.</param>
/// <param name="limit">The time limit for one mail up to the final dot; null for 60 seconds.</param>
/// <param name="trustedAuthorities">Certificate authorities to trust in addition to those of the machine, or null.</param>
/// <param name="time">The clock for the time limits; null for the system clock.</param>
/// <param name="tokens">Provides access tokens for XOAUTH2, or null; disposed with the transport.</param>
/// <param name="replyLimit">The time limit for the reply to the final dot; null for ten minutes.</param>
public sealed class SmtpTransport(
    SmtpOptions options,
    TimeSpan? limit = null,
    X509Certificate2Collection? trustedAuthorities = null,
    TimeProvider? time = null,
    SmtpAccessTokens? tokens = null,
    TimeSpan? replyLimit = null) : IMailTransport, IAsyncDisposable, IDisposable
{
    /// <summary>How long an idle connection is kept. Servers usually close it after a few minutes.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);

    /// <summary>The longest time that one try can take.</summary>
    public static readonly TimeSpan LongestTry = DefaultLimit + SmtpDeadline.DefaultReplyLimit;

    private readonly TimeSpan _limit = limit ?? DefaultLimit;
    private readonly TimeSpan _replyLimit = replyLimit ?? SmtpDeadline.DefaultReplyLimit;
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private SmtpConnection? _idle;
    private ITimer? _idleTimer;
    private bool _disposed;

    /// <inheritdoc/>
    public string Description { get; } = string.Create(CultureInfo.InvariantCulture,
        $"{options.Host ?? throw new ArgumentException("Smtp:Host is not set.", nameof(options))}:{options.Port}");

    /// <inheritdoc/>
    public Task<MailOutcome> SendAsync(MimeMessage message, CancellationToken cancellationToken) =>
        SendAsync(message, TakeIdle(), null, cancellationToken);

    /// <inheritdoc/>
    public Task<MailOutcome> TestAsync(MimeMessage message, Action<MailStep> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        return SendAsync(message, kept: null, report, cancellationToken);
    }

    /// <summary>Connects, sets up TLS and signs in as configured, but sends no mail.</summary>
    /// <returns><see cref="MailResult.Accepted"/> if a mail could be sent now, otherwise what went wrong.</returns>
    public async Task<MailOutcome> CheckAsync(CancellationToken cancellationToken)
    {
        using var deadline = new SmtpDeadline(_limit, _replyLimit, _time, cancellationToken);
        var dialogue = new SmtpDialogue();
        try
        {
            var connection = await SmtpConnection.OpenAsync(options, dialogue, trustedAuthorities, tokens, deadline.Token);
            await connection.CloseAsync();
            return new MailOutcome(MailResult.Accepted,
                options.HasCredentials ? $"Signed in as {options.UserName}." : "The server answers.");
        }
        catch (Exception failure)
            when (SmtpFailure.IsDeliveryFailure(failure) && !cancellationToken.IsCancellationRequested)
        {
            return SmtpFailure.Classify(failure, dialogue, options, deadline.Current);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
            _disposed = true;
        if (TakeIdle() is { } idle)
            await idle.CloseAsync();
        _idleTimer?.Dispose();
        tokens?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task<MailOutcome> SendAsync(
        MimeMessage message, SmtpConnection? kept, Action<MailStep>? report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var deadline = new SmtpDeadline(_limit, _replyLimit, _time, cancellationToken);

        var dialogue = new SmtpDialogue(report);
        var connection = kept;
        try
        {
            if (kept is not null)
            {
                dialogue = kept.Dialogue;
                if (await TrySendAsync(kept, message, deadline) is { } reply)
                    return Accepted(kept, reply);
                kept.Dispose();
                dialogue = new SmtpDialogue(report);
            }

            connection = await SmtpConnection.OpenAsync(options, dialogue, trustedAuthorities, tokens, deadline.Token);
            return Accepted(connection, await connection.SendAsync(message, deadline));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !dialogue.DataBegun)
        {
            connection?.Dispose();
            throw;
        }
        catch (Exception failure) when (SmtpFailure.IsDeliveryFailure(failure))
        {
            connection?.Dispose();
            var outcome = cancellationToken.IsCancellationRequested && failure is OperationCanceledException
                ? new MailOutcome(MailResult.Unknown, "SentinelCam was stopped before the server replied to the message.")
                : SmtpFailure.Classify(failure, dialogue, options, deadline.Current);
            dialogue.Failed(outcome.Reply, failure);
            return outcome;
        }
    }

    /// <summary>
    /// Sends over an idle connection, which may be dead, or may have reached the server's limit of mails for a connection.
    /// </summary>
    /// <returns>The server's reply, or null if the message was not accepted but may be over a new connection.</returns>
    private static async Task<string?> TrySendAsync(SmtpConnection kept, MimeMessage message, SmtpDeadline deadline)
    {
        kept.Dialogue.BeginMessage();
        if (!await kept.IsAliveAsync(deadline.Token))
            return null;
        try
        {
            return await kept.SendAsync(message, deadline);
        }
        catch (Exception failure) when ((SmtpFailure.IsTemporary(failure)
            || (!kept.Dialogue.DataBegun && SmtpFailure.IsConnectionLost(failure))) && deadline.TryStartOver())
        {
            return null;
        }
    }

    private MailOutcome Accepted(SmtpConnection connection, string reply)
    {
        Keep(connection);
        return new MailOutcome(MailResult.Accepted, reply);
    }

    private SmtpConnection? TakeIdle()
    {
        lock (_lock)
        {
            var idle = _idle;
            _idle = null;
            return idle;
        }
    }

    /// <summary>Keeps the connection for the next mail, unless another one is kept.</summary>
    private void Keep(SmtpConnection connection)
    {
        lock (_lock)
        {
            if (_idle is null && !_disposed)
            {
                _idle = connection;
                _idleTimer ??= _time.CreateTimer(_ => CloseIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _idleTimer.Change(IdleTimeout, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        _ = connection.CloseAsync();
    }

    private void CloseIdle() => _ = TakeIdle()?.CloseAsync();
}
