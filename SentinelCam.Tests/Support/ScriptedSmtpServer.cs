using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using MimeKit;

namespace SentinelCam.Tests.Support;

/// <summary>An SMTP server on loopback that follows a script, for behavior that real servers rarely show.</summary>
public sealed class ScriptedSmtpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly SmtpScript[] _scripts;
    private readonly ConcurrentQueue<byte[]> _messages = new();
    private readonly ConcurrentQueue<long> _accepted = new();
    private readonly ConcurrentQueue<string> _dialogue = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _accepting;
    private int _connectionCount;

    private ScriptedSmtpServer(SmtpScript[] scripts)
    {
        _scripts = scripts.Length > 0 ? scripts : [new SmtpScript()];
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>How many clients have connected.</summary>
    public int Connections => _connectionCount;

    /// <summary>Waits until every client has gone and all that it sent is read, as after its process was killed.</summary>
    public Task WhenServedAsync() => Eventually.TrueAsync(
        () => !_listener.Pending() && _connections.Count == _connectionCount && _connections.All(client => client.IsCompleted));

    /// <summary>The complete messages, accepted or not, as the client sent them, with dot-stuffing removed.</summary>
    public IReadOnlyList<byte[]> Messages => [.. _messages];

    /// <summary>The same messages, parsed.</summary>
    public IReadOnlyList<MimeMessage> Mails => [.. Messages.Select(bytes => MimeMessage.Load(new MemoryStream(bytes)))];

    /// <summary>The settings with which an app sends its mails here.</summary>
    public (string Key, string? Value)[] Settings => SmtpSettings.For(Port);

    /// <summary>The <see cref="System.Diagnostics.Stopwatch"/> timestamps of each 250 for a message.</summary>
    public IReadOnlyList<long> Accepted => [.. _accepted];

    /// <summary>The dialogue, each line prefixed with "C: " or "S: ", without the lines of messages.</summary>
    public IReadOnlyList<string> Dialogue => [.. _dialogue];

    /// <summary>Starts a server.</summary>
    /// <param name="scripts">
    /// One script for each connection; the last one also serves all later connections. With none, everything succeeds.
    /// </param>
    public static ScriptedSmtpServer Start(params SmtpScript[] scripts) => new(scripts);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var script = _scripts[Math.Min(_connectionCount, _scripts.Length - 1)];
                Interlocked.Increment(ref _connectionCount);
                _connections.Add(ServeAsync(client, script));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client, SmtpScript script)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                Stream stream = client.GetStream();
                if (script.TlsOnConnect)
                    stream = await SecureAsync(stream, script);
                await new Session(this, script, stream).RunAsync(_stop.Token);
            }
            catch (Exception e)
                when (e is IOException or SocketException or OperationCanceledException or AuthenticationException)
            {
                _dialogue.Enqueue("-- " + e.Message);
            }
        }
    }

    private async Task<Stream> SecureAsync(Stream stream, SmtpScript script)
    {
        if (script.TlsReply is { } reply)
        {
            await stream.ReadAtLeastAsync(new byte[16 * 1024], 1, cancellationToken: _stop.Token);
            await stream.WriteAsync(reply, _stop.Token);
            throw new IOException("instead of a handshake");
        }

        var secure = new SslStream(stream);
        await secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = script.Certificate }, _stop.Token);
        return secure;
    }

    private sealed class Session(ScriptedSmtpServer server, SmtpScript script, Stream stream)
    {
        private Stream _stream = stream;
        private bool _secure = script.TlsOnConnect;
        private readonly byte[] _buffer = new byte[16 * 1024];
        private int _start;
        private int _end;
        private int _messageCount;

        public async Task RunAsync(CancellationToken stop)
        {
            if (!await PerformAsync(SmtpStage.Greeting, stop))
                return;
            while (await ReadLineAsync(stop) is { } line)
            {
                var command = Encoding.UTF8.GetString(line);
                server._dialogue.Enqueue("C: " + command);
                if (!await AnswerAsync(command, stop))
                    return;
            }
        }

        private async Task<bool> AnswerAsync(string command, CancellationToken stop)
        {
            switch (command.Split(' ', ':')[0].ToUpperInvariant())
            {
                case "EHLO" or "HELO":
                    return await PerformAsync(SmtpStage.Ehlo, stop);
                case "STARTTLS":
                    if (!await PerformAsync(SmtpStage.StartTls, stop))
                        return false;
                    _stream = await server.SecureAsync(_stream, script);
                    _secure = true;
                    _start = _end = 0;
                    return true;
                case "AUTH":
                    return await SignInAsync(command.Split(' '), stop);
                case "MAIL" when script.ChecksDeclaredSize && DeclaredSize(command) > script.SizeLimit:
                    return await SendAsync(script.SizeRefusal, stop);
                case "MAIL" when _messageCount >= script.MessagesPerConnection:
                    await SendAsync("421 4.7.0 too many messages over this connection", stop);
                    return false;
                case "MAIL":
                    return await PerformAsync(SmtpStage.MailFrom, stop);
                case "RCPT":
                    return await PerformAsync(SmtpStage.RcptTo, stop);
                case "DATA":
                    if (!await PerformAsync(SmtpStage.Data, stop))
                        return false;
                    var isAsked = script.At(SmtpStage.Data, _secure).Reply?.StartsWith("354", StringComparison.Ordinal) == true;
                    return !isAsked || await TakeMessageAsync(stop);
                case "QUIT":
                    await PerformAsync(SmtpStage.Quit, stop);
                    return false;
                case "NOOP":
                    return await PerformAsync(SmtpStage.NoOp, stop);
                case "RSET":
                    return await SendAsync("250 2.0.0 ok", stop);
                default:
                    return await SendAsync("500 5.5.2 what?", stop);
            }
        }

        private static int DeclaredSize(string mail) =>
            mail.Split("SIZE=") is [_, var size] ? int.Parse(size.Split(' ')[0], CultureInfo.InvariantCulture) : 0;

        private async Task<bool> SignInAsync(string[] command, CancellationToken stop)
        {
            if (command is [_, "LOGIN"])
            {
                // "Username:" and "Password:"
                foreach (var challenge in new[] { "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6" })
                {
                    await SendAsync(challenge, stop);
                    if (await ReadLineAsync(stop) is not { } answer)
                        return false;
                    server._dialogue.Enqueue("C: " + Encoding.UTF8.GetString(answer));
                }
            }

            return await PerformAsync(SmtpStage.Auth, script.SignIn(command[1], _secure), stop);
        }

        private async Task<bool> TakeMessageAsync(CancellationToken stop)
        {
            using var message = new MemoryStream();
            for (var first = true; await ReadLineAsync(stop) is { } line; first = false)
            {
                if (first && !await PerformAsync(SmtpStage.InData, stop))
                    return false;
                if (line is [(byte)'.'])
                {
                    server._messages.Enqueue(message.ToArray());
                    if (message.Length > script.SizeLimit)
                        return await SendAsync(script.SizeRefusal, stop);
                    _messageCount++;
                    return await PerformAsync(SmtpStage.EndOfData, stop);
                }

                message.Write(line is [(byte)'.', ..] ? line.AsSpan(1) : line);
                message.Write("\r\n"u8);
            }

            return false;
        }

        /// <summary>Does what the script says. Returns false if the connection is to be closed.</summary>
        private Task<bool> PerformAsync(SmtpStage stage, CancellationToken stop) =>
            PerformAsync(stage, script.At(stage, _secure), stop);

        private async Task<bool> PerformAsync(SmtpStage stage, SmtpAction action, CancellationToken stop)
        {
            await Task.Delay(action.Delay, stop);
            if (action.After is not null)
                await action.After.WaitAsync(stop);
            if (action.Reply is not null)
                await SendAsync(action.Reply, stop);
            if (stage == SmtpStage.EndOfData && action.Reply?.StartsWith("250", StringComparison.Ordinal) == true)
                server._accepted.Enqueue(System.Diagnostics.Stopwatch.GetTimestamp());
            if (action.Hang)
                await Task.Delay(Timeout.Infinite, stop);
            return !action.Close;
        }

        private async Task<bool> SendAsync(string reply, CancellationToken stop)
        {
            var lines = reply.Split('\n');
            for (var i = 0; i < lines.Length; i++)
            {
                var line = i < lines.Length - 1 ? lines[i][..3] + "-" + lines[i][4..] : lines[i];
                server._dialogue.Enqueue("S: " + line);
                await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), stop);
            }

            return true;
        }

        /// <summary>
        /// The next line without its CR LF, or null at the end of the stream. A bare LF or CR is part of the line.
        /// </summary>
        private async Task<byte[]?> ReadLineAsync(CancellationToken stop)
        {
            using var line = new MemoryStream();
            while (true)
            {
                if (_start == _end)
                {
                    _start = 0;
                    _end = await _stream.ReadAsync(_buffer, stop);
                    if (_end == 0)
                        return null;
                }

                line.WriteByte(_buffer[_start++]);
                if (line.Length >= 2 && line.GetBuffer().AsSpan((int)line.Length - 2, 2).SequenceEqual("\r\n"u8))
                    return line.GetBuffer()[..((int)line.Length - 2)];
            }
        }
    }
}
