using System.Runtime.CompilerServices;

namespace SentinelCam.Cameras;

/// <summary>A network camera: an MJPEG stream, or a snapshot address that is fetched again for each frame.</summary>
/// <remarks>
/// Each answer has a connection of its own, and a picture ends where its own data say so, because many cameras do not follow the
/// standard. The camera's JPEG bytes are kept unchanged.
/// </remarks>
internal sealed class HttpCamera : ICamera
{
    private const int MaxRedirects = 3;

    /// <summary>How much of an answer that does not look like pictures is searched for one.</summary>
    private const int MaxSearched = 64 * 1024;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>While it is not certain that the pictures are new.</summary>
    private static readonly TimeSpan ColdPollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Some cameras refuse to be asked so often. They are then asked less often, but not later than this after their last
    /// picture.
    /// </summary>
    private static readonly TimeSpan LongestPollInterval = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How long a camera may refuse since its last picture, or since it was opened, before it has failed. Less than the silence
    /// after which it would be reopened.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4.5);

    /// <summary>How long a second picture may take in an answer that may be a stream.</summary>
    private static readonly TimeSpan NextPicture = TimeSpan.FromSeconds(1);

    private readonly string _host;
    private readonly Uri _address;
    private readonly TimeProvider _time;
    private readonly CameraCredentials? _credentials;

    /// <param name="address">
    /// May contain a user name and password. They are used for Basic and Digest and are never shown.
    /// </param>
    /// <param name="time">The clock.</param>
    public HttpCamera(Uri address, TimeProvider time)
    {
        Source = RedactedSource.Of(address);
        Identity = address.AbsoluteUri;
        _host = CameraConnection.HostOf(address);
        _address = new UriBuilder(address) { UserName = "", Password = "", Fragment = "" }.Uri;
        _time = time;
        _credentials = CameraCredentials.Of(address);
    }

    public string Source { get; }

    public string Identity { get; }

    public CameraFault? Check() => null;

    public async IAsyncEnumerable<Frame> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var cold = new ColdSnapshot(_time);
        var (interval, since, anyPicture, rejectedInARow, isClear) = (PollInterval, _time.GetTimestamp(), false, 0, false);
        while (true)
        {
            using var connection = await TryGetAsync(
                fault => IsPassing(fault, anyPicture) && _time.GetElapsedTime(since) < Patience, cancellationToken);
            if (connection is null)
            {
                interval = AfterRefusal(interval, _time.GetElapsedTime(since));
                await Task.Delay(interval, _time, cancellationToken);
                continue;
            }
            var content = await CameraContent.OpenAsync(connection.Response, cancellationToken);
            var isStream = content.Kind == ContentKind.Stream;
            var maxSkipped = content.Kind == ContentKind.Other ? MaxSearched : MjpegReader.MaxSkipped;
            var reader = new MjpegReader(content.Data, _time, maxSkipped, isSnapshot: !isStream);
            if (await reader.ReadAsync(cancellationToken) is { } frame)
            {
                (since, anyPicture, rejectedInARow) = (_time.GetTimestamp(), true, 0);
                yield return isStream ? frame : frame with { MayBeOld = cold.MayBeOld(frame.Jpeg) };
                if (!isClear && content.Kind is (ContentKind.Unclear or ContentKind.Other)
                    && await TryReadNextAsync(reader, cancellationToken) is { } second)
                {
                    isStream = true;
                    yield return second;
                }
                while (isStream && await reader.ReadAsync(cancellationToken) is { } next)
                    yield return next;
                isClear = true;
            }
            else if (!isStream)
            {
                if (!anyPicture && content.Kind != ContentKind.Empty && reader.Rejected == 0)
                    throw new CameraException(CameraFaults.NoPictures);
                if (++rejectedInARow >= MjpegReader.MaxRejected)
                    throw new CameraException(CameraFaults.Garbled);
            }
            if (isStream)
                throw new CameraException(reader.EndFault);
            connection.Dispose();
            var isCold = anyPicture && !cold.IsOver && interval == PollInterval;
            await Task.Delay(isCold ? ColdPollInterval : interval, _time, cancellationToken);
        }
    }

    /// <summary>The next interval. Twice as long could otherwise be silence for which the camera is reopened.</summary>
    private static TimeSpan AfterRefusal(TimeSpan interval, TimeSpan sincePicture)
    {
        var left = LongestPollInterval - sincePicture;
        return left < PollInterval ? PollInterval : left < interval * 2 ? left : interval * 2;
    }

    /// <summary>Whether a fault may be over after a pause. Some cameras cannot be asked twice within a second.</summary>
    private static bool IsPassing(CameraFault fault, bool anyPicture) =>
        !fault.Permanent && (anyPicture || fault == CameraFaults.Busy(503) || fault == CameraFaults.Busy(429));

    /// <summary>The next picture of an answer that may be a stream; null if it ends or pauses.</summary>
    private static async Task<Frame?> TryReadNextAsync(MjpegReader reader, CancellationToken cancellationToken)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        pause.CancelAfter(NextPicture);
        try
        {
            return await reader.ReadAsync(pause.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <returns>Null if there is a fault that passes.</returns>
    private async Task<CameraConnection?> TryGetAsync(Func<CameraFault, bool> passes, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(cancellationToken);
        }
        catch (CameraException e) when (passes(e.Fault))
        {
            return null;
        }
    }

    private async Task<CameraConnection> GetAsync(CancellationToken cancellationToken)
    {
        var address = _address;
        var tried = new HashSet<string>();
        for (var redirects = 0; ;)
        {
            var connection = await CameraConnection.GetAsync(
                _host, address, _credentials?.Header(address.PathAndQuery), _time, cancellationToken);
            var response = connection.Response;
            if (response.Status is >= 200 and < 300)
                return connection;
            using (connection)
            {
                if (response.Status == 401 && _credentials?.TakeUp(response.All("WWW-Authenticate"), tried) == true)
                    continue;
                // Only within one origin, so that credentials go to no other host and frames come from no other camera
                if (response.Status is >= 300 and < 400 && redirects++ < MaxRedirects
                    && Uri.TryCreate(address, response.First("Location"), out var location)
                    && Uri.Compare(location, address, UriComponents.SchemeAndServer, UriFormat.UriEscaped,
                        StringComparison.OrdinalIgnoreCase) == 0)
                {
                    address = location;
                    continue;
                }
                throw new CameraException(FaultOf(response.Status));
            }
        }
    }

    private CameraFault FaultOf(int status) => status switch
    {
        401 => CameraFaults.Refused(_credentials is not null),
        403 => CameraFaults.Forbidden,
        404 or 410 => CameraFaults.NotFound,
        429 or 503 => CameraFaults.Busy(status),
        >= 300 and < 400 => CameraFaults.Redirects,
        _ => new CameraFault(
            CaptureOutcome.Unreachable, $"The camera returned HTTP error {status}",
            "See its manual, or turn it off and on again"),
    };
}
