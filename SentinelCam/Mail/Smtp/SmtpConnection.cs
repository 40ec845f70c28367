using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace SentinelCam.Mail;

/// <summary>A connection to the SMTP server that is ready to send mails.</summary>
internal sealed class SmtpConnection : IDisposable
{
    // One of several addresses may never answer (IPv6 that is announced but not routed). It must not use up the time for the
    // whole mail.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    // Nothing depends on the reply to QUIT
    private static readonly TimeSpan QuitTimeout = TimeSpan.FromSeconds(2);

    // A connection that a firewall has dropped never answers
    private static readonly TimeSpan NoOpTimeout = TimeSpan.FromSeconds(5);

    private readonly SmtpOptions _options;
    private readonly SmtpClient _client;

    private SmtpConnection(SmtpOptions options, SmtpDialogue dialogue, X509Certificate2Collection? trustedAuthorities)
    {
        _options = options;
        Dialogue = dialogue;
        _client = new SmtpClient(dialogue)
        {
            ServerCertificateValidationCallback = new CertificateCheck(trustedAuthorities, dialogue).Accepts,
            // MailKit rejects a certificate if its revocation list is unreachable, so an authority's outage would stop the alerts
            CheckCertificateRevocation = false,
            // SmtpDeadline is the limit. MailKit's own ends each read after two minutes.
            Timeout = Timeout.Infinite,
        };
    }

    public SmtpDialogue Dialogue { get; }

    /// <summary>
    /// Looks up the host, connects, and sets up TLS and signs in as configured. The dialogue records the last step reached.
    /// </summary>
    public static async Task<SmtpConnection> OpenAsync(
        SmtpOptions options,
        SmtpDialogue dialogue,
        X509Certificate2Collection? trustedAuthorities,
        SmtpAccessTokens? tokens,
        CancellationToken cancellationToken)
    {
        var connection = new SmtpConnection(options, dialogue, trustedAuthorities);
        try
        {
            await connection.OpenAsync(tokens, cancellationToken);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Sends a mail. The connection can be used again unless this throws.</summary>
    /// <returns>The server's reply.</returns>
    public async Task<string> SendAsync(MimeMessage message, SmtpDeadline deadline)
    {
        Dialogue.BeginMessage(deadline.WaitForReply);
        var reply = await AcceptedReplyAsync(message, deadline);
        Dialogue.Done(reply);
        return reply;
    }

    /// <summary>Whether the server still answers on an idle connection.</summary>
    public async Task<bool> IsAliveAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(NoOpTimeout);
        try
        {
            await _client.NoOpAsync(limit.Token);
            return true;
        }
        catch (Exception failure) when (SmtpFailure.IsDeliveryFailure(failure) && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Sends QUIT and closes the connection. Failures are ignored, because every mail was already accepted.</summary>
    public async Task CloseAsync()
    {
        using var quit = new CancellationTokenSource(QuitTimeout);
        try
        {
            await _client.DisconnectAsync(quit: true, quit.Token);
        }
        catch (Exception failure) when (SmtpFailure.IsDeliveryFailure(failure))
        {
            // The connection is closed either way
        }

        Dispose();
    }

    public void Dispose() => _client.Dispose();

    private async Task<string> AcceptedReplyAsync(MimeMessage message, SmtpDeadline deadline)
    {
        try
        {
            return $"250 {await _client.SendAsync(message, deadline.Token, Dialogue)}";
        }
        catch (SmtpCommandException reply)
            when (reply.ErrorCode is SmtpErrorCode.MessageNotAccepted && (int)reply.StatusCode is >= 200 and < 300)
        {
            // MailKit takes only 250 for success, but the first digit decides (RFC 5321, section 4.2.1)
            return string.Create(CultureInfo.InvariantCulture, $"{(int)reply.StatusCode} {reply.Message}");
        }
    }

    private async Task OpenAsync(SmtpAccessTokens? tokens, CancellationToken cancellationToken)
    {
        var socket = await ConnectAsync(cancellationToken);
        Dialogue.Begin(SmtpStep.Greeting);
        _client.LocalDomain = Dialogue.HelloName = SmtpHello.NameFor(_options, socket.LocalEndPoint as IPEndPoint);
        await _client.ConnectAsync(socket, _options.Host!, _options.Port, SocketOptions(), cancellationToken);
        Dialogue.Done("The server sent its greeting.");
        Dialogue.Begin(SmtpStep.Tls);
        Dialogue.Done(_client.IsSecure
            ? $"{_client.SslProtocol}, the certificate is valid."
            : "None: the connection is not encrypted.");

        if (!_options.HasCredentials)
            return;
        Dialogue.Begin(SmtpStep.SignIn);
        if (!_client.IsSecure && !_options.HostIsLoopback)
            throw new SmtpPlainTextException();
        if (tokens is null)
            await SmtpSignIn.ByPasswordAsync(_client, Dialogue, _options, cancellationToken);
        else
            await SignInByTokenAsync(tokens, cancellationToken);
        Dialogue.Done($"Signed in as {_options.UserName}.");
    }

    private async Task SignInByTokenAsync(SmtpAccessTokens tokens, CancellationToken cancellationToken)
    {
        var token = await tokens.GetAsync(cancellationToken);
        try
        {
            await _client.AuthenticateAsync(new SaslMechanismOAuth2(_options.UserName!, token), cancellationToken);
        }
        catch (AuthenticationException)
        {
            if (!SmtpRefusal.IsTemporarySignInFailure(Dialogue.LastReply))
                tokens.Forget();
            throw;
        }
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        Dialogue.Begin(SmtpStep.NameLookup);
        var addresses = await LookUpAsync(cancellationToken);
        Dialogue.Done($"{_options.Host} resolves to {string.Join<IPAddress>(", ", addresses.Take(8))}.");

        Dialogue.Begin(SmtpStep.Connect);
        Exception? failure = null;
        foreach (var address in addresses)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(ConnectTimeout);
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, _options.Port, limit.Token);
                Dialogue.Done(string.Create(CultureInfo.InvariantCulture, $"Connected to {address} on port {_options.Port}."));
                return socket;
            }
            catch (Exception e) when (e is SocketException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
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
            return await Dns.GetHostAddressesAsync(_options.Host!, cancellationToken);
        }
        catch (ArgumentException unusable)
        {
            // 0.0.0.0, or a name that is too long: a configuration error, not a defect of this program
            throw new SocketException((int)SocketError.HostNotFound, unusable.Message);
        }
    }

    private SecureSocketOptions SocketOptions() => _options.Security switch
    {
        SmtpSecurity.None => SecureSocketOptions.None,
        SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
        SmtpSecurity.SslOnConnect => SecureSocketOptions.SslOnConnect,
        _ when _options.TlsFromStart => SecureSocketOptions.SslOnConnect,
        _ when _options.HasCredentials => SecureSocketOptions.StartTls,
        _ => SecureSocketOptions.StartTlsWhenAvailable,
    };
}
