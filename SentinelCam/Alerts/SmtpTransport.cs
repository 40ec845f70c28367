using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace SentinelCam.Alerts;

/// <summary>Hands mails to an SMTP server, over a new connection for each.</summary>
/// <param name="options">The server; its host must be set.</param>
/// <param name="limit">The longest that one mail may take; null: 60 seconds.</param>
/// <param name="trustedAuthorities">Certificate authorities to trust beside those of the machine, for a server with a private one.</param>
/// <param name="time">The clock that the limit goes by; null: the machine's.</param>
public sealed class SmtpTransport(
    SmtpOptions options,
    TimeSpan? limit = null,
    X509Certificate2Collection? trustedAuthorities = null,
    TimeProvider? time = null) : IMailTransport
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(60);

    // One address of several may be a black hole (IPv6 that is announced but not routed): it must not use up the whole limit.
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    // The mail is accepted by then; a server that is slow to say good-bye delays nothing that matters.
    private static readonly TimeSpan QuitLimit = TimeSpan.FromSeconds(2);

    private readonly string _host = options.Host ?? throw new ArgumentException("The options name no host.", nameof(options));
    private readonly TimeSpan _limit = limit ?? DefaultLimit;

    /// <inheritdoc/>
    public string Description { get; } = string.Create(CultureInfo.InvariantCulture, $"{options.Host}:{options.Port}");

    /// <inheritdoc/>
    public async Task<MailOutcome> SendAsync(MimeMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var alarm = new CancellationTokenSource(_limit, time ?? TimeProvider.System);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, alarm.Token);

        var dialogue = new SmtpDialogue();
        try
        {
            var reply = await SendAsync(message, dialogue, deadline.Token);
            return new MailOutcome(MailResult.Accepted, $"250 {reply}");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !dialogue.DataBegun)
        {
            throw;
        }
        catch (Exception failure) when (SmtpFailure.IsMailPath(failure))
        {
            return SmtpFailure.Classify(failure, dialogue, options, _limit);
        }
    }

    private async Task<string> SendAsync(MimeMessage message, SmtpDialogue dialogue, CancellationToken cancellationToken)
    {
        using var client = new SmtpClient(dialogue);
        client.ServerCertificateValidationCallback = new CertificateCheck(trustedAuthorities, dialogue).Accepts;
        // MailKit takes an unreachable revocation list for a bad certificate: an authority's outage would stop the alerts.
        client.CheckCertificateRevocation = false;

        var socket = await ConnectAsync(dialogue, cancellationToken);
        dialogue.Step = SmtpStep.Greeting;
        await client.ConnectAsync(socket, _host, options.Port, SocketOptions(), cancellationToken);

        if (options.HasCredentials)
        {
            dialogue.Step = SmtpStep.SignIn;
            if (!client.IsSecure && !options.HostIsLoopback)
                throw new SmtpPlainTextException();
            await client.AuthenticateAsync(options.UserName, options.Password, cancellationToken);
        }

        dialogue.Step = SmtpStep.Message;
        var reply = await client.SendAsync(message, cancellationToken, dialogue);

        using var quit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        quit.CancelAfter(QuitLimit);
        // MailKit keeps every failure of QUIT to itself, so it cannot spoil the acceptance.
        await client.DisconnectAsync(quit: true, quit.Token);
        return reply;
    }

    private async Task<Socket> ConnectAsync(SmtpDialogue dialogue, CancellationToken cancellationToken)
    {
        dialogue.Step = SmtpStep.NameLookup;
        var addresses = await LookUpAsync(cancellationToken);

        dialogue.Step = SmtpStep.Connect;
        Exception? failure = null;
        foreach (var address in addresses)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(ConnectLimit);
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, options.Port, limit.Token);
                return socket;
            }
            catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                socket.Dispose();
                failure = e as SocketException ?? new SocketException((int)SocketError.TimedOut);
            }
            catch (OperationCanceledException)
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<IPAddress[]> LookUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(_host, cancellationToken);
        }
        catch (ArgumentException unusable)
        {
            // 0.0.0.0, or a name that is too long: no defect of this program, but one of the configuration.
            throw new SocketException((int)SocketError.HostNotFound, unusable.Message);
        }
    }

    private SecureSocketOptions SocketOptions() => options.Security switch
    {
        SmtpSecurity.None => SecureSocketOptions.None,
        SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
        SmtpSecurity.SslOnConnect => SecureSocketOptions.SslOnConnect,
        _ when options.Port == SmtpFailure.TlsPort => SecureSocketOptions.SslOnConnect,
        _ when options.HasCredentials => SecureSocketOptions.StartTls,
        _ => SecureSocketOptions.StartTlsWhenAvailable,
    };
}
