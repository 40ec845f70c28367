using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace SentinelCam.Tests.Support;

/// <summary>What goes wrong on a <see cref="MjpegStream"/>.</summary>
public enum MjpegFault
{
    None,

    /// <summary>The next picture and its connection break off in the middle.</summary>
    StopMidFrame,

    /// <summary>The next picture stops in the middle; the connection stays open and silent.</summary>
    Stall,

    /// <summary>All connections are cut, including new ones.</summary>
    Drop,
}

/// <summary>
/// A live camera: the real ffmpeg program makes the pictures, and any number of viewers get its bytes over HTTP.
/// </summary>
/// <remarks>
/// ffmpeg's own HTTP server serves a single viewer and ends with it, hence this relay. It splits the stream by ffmpeg's
/// Content-Length and remembers each picture that it has sent.
/// </remarks>
public sealed class MjpegStream : IAsyncDisposable
{
    private readonly Process _ffmpeg;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Guid, Channel<Part>> _viewers = new();
    private readonly ConcurrentDictionary<string, bool> _sent = new();
    private CameraServer? _server;
    private Task _relay = Task.CompletedTask;
    private int _faultsShown;

    private MjpegStream(Process ffmpeg) => _ffmpeg = ffmpeg;

    /// <summary>Whether the ffmpeg program is installed.</summary>
    public static bool IsAvailable => FfmpegProgram.IsAvailable;

    public Uri Url => _server!.Url("/video.mjpg");

    /// <summary>How many pictures have gone out to viewers.</summary>
    public int SentCount => _sent.Count;

    /// <summary>How many connections there have been.</summary>
    public int Connections => _server!.Requests;

    /// <summary>How many viewers are watching now.</summary>
    public int Viewers => _viewers.Count;

    /// <summary>How many connections a <see cref="Fault"/> has hit.</summary>
    public int FaultsShown => Volatile.Read(ref _faultsShown);

    /// <summary>What goes wrong from the next picture on. <see cref="MjpegFault.None"/> repairs new connections.</summary>
    public MjpegFault Fault { get; set; }

    /// <summary>Whether exactly these bytes have gone out as one picture.</summary>
    public bool Sent(byte[] jpeg) => _sent.ContainsKey(Convert.ToHexString(SHA256.HashData(jpeg)));

    /// <param name="cancellationToken">Ends the wait for the first picture.</param>
    /// <param name="source">What ffmpeg draws, as a lavfi source.</param>
    public static async Task<MjpegStream> StartAsync(
        CancellationToken cancellationToken, string source = "testsrc2=size=640x480:rate=30")
    {
        var ffmpeg = FfmpegProgram.Start(
            "-re", "-f", "lavfi", "-i", source, "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "5", "-flush_packets", "1", "-f",
                "mpjpeg", "-");
        var stream = new MjpegStream(ffmpeg);
        try
        {
            stream._server = await CameraServer.StartAsync(stream.ServeAsync);
            var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            stream._relay = Task.Run(() => stream.RelayAsync(first), CancellationToken.None);
            await first.Task.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (!_ffmpeg.HasExited)
            _ffmpeg.Kill();
        await _relay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_server is not null)
            await _server.DisposeAsync();
        _ffmpeg.Dispose();
        _stop.Dispose();
    }

    /// <summary>Reads ffmpeg's output part by part and hands each to all viewers.</summary>
    private async Task RelayAsync(TaskCompletionSource first)
    {
        var output = new BufferedStream(_ffmpeg.StandardOutput.BaseStream, 256 * 1024);
        while (await ReadPartAsync(output, _stop.Token) is { } part)
        {
            foreach (var viewer in _viewers.Values)
                viewer.Writer.TryWrite(part);
            first.TrySetResult();
        }
        first.TrySetException(new InvalidOperationException("ffmpeg has ended without a picture."));
    }

    private static async Task<Part?> ReadPartAsync(Stream output, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        var length = 0;
        while (true)
        {
            var line = new StringBuilder();
            int next;
            while ((next = output.ReadByte()) is not -1 and not '\n')
                line.Append((char)next);
            if (next == -1)
                return null;
            head.Append(line).Append('\n');
            var text = line.ToString().TrimEnd('\r');
            if (text.StartsWith("Content-length:", StringComparison.OrdinalIgnoreCase))
                length = int.Parse(text.AsSpan(15), CultureInfo.InvariantCulture);
            if (text.Length == 0 && length > 0)
                break;
        }
        var jpeg = new byte[length];
        await output.ReadExactlyAsync(jpeg, cancellationToken);
        return new Part(Encoding.ASCII.GetBytes(head.ToString()), jpeg);
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (Fault == MjpegFault.Drop)
        {
            Interlocked.Increment(ref _faultsShown);
            context.Abort();
            return;
        }
        context.Response.ContentType = "multipart/x-mixed-replace;boundary=ffmpeg";
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        var (id, parts) = (Guid.NewGuid(), Channel.CreateUnbounded<Part>());
        _viewers[id] = parts;
        try
        {
            await foreach (var part in parts.Reader.ReadAllAsync(either.Token))
            {
                if (!await SendAsync(context, part, either.Token))
                    return;
            }
        }
        catch (Exception e) when (either.IsCancellationRequested || e is IOException)
        {
            context.Abort();
        }
        finally
        {
            _viewers.TryRemove(id, out _);
        }
    }

    private async Task<bool> SendAsync(HttpContext context, Part part, CancellationToken cancellationToken)
    {
        var body = context.Response.Body;
        var fault = Fault;
        if (fault == MjpegFault.None)
        {
            // Remembered first, since a viewer may ask before this method continues
            _sent[Convert.ToHexString(SHA256.HashData(part.Jpeg))] = true;
            await body.WriteAsync(part.Head, cancellationToken);
            await body.WriteAsync(part.Jpeg, cancellationToken);
            await body.FlushAsync(cancellationToken);
            return true;
        }
        Interlocked.Increment(ref _faultsShown);
        if (fault != MjpegFault.Drop)
        {
            await body.WriteAsync(part.Head, cancellationToken);
            await body.WriteAsync(part.Jpeg.AsMemory(0, part.Jpeg.Length / 2), cancellationToken);
            await body.FlushAsync(cancellationToken);
        }
        if (fault == MjpegFault.Stall)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        // Aborting resets the connection and discards what the viewer has not read yet
        await Task.Delay(100, cancellationToken);
        context.Abort();
        return false;
    }

    private sealed record Part(byte[] Head, byte[] Jpeg);
}
