namespace SentinelCam.Mail;

/// <summary>
/// The time limits of one try: one for everything up to the final dot, then a longer one for the reply to it. By then the server
/// has the mail, so giving up early only sends it twice (RFC 5321, section 4.5.3.2.6).
/// </summary>
internal sealed class SmtpDeadline : IDisposable
{
    /// <summary>How long the reply to the final dot may take (RFC 5321, section 4.5.3.2.6).</summary>
    public static readonly TimeSpan DefaultReplyLimit = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly TimeSpan _replyLimit;
    private readonly long _start;
    private readonly CancellationTokenSource _alarm;
    private readonly CancellationTokenSource _deadline;

    public SmtpDeadline(TimeSpan limit, TimeSpan replyLimit, TimeProvider time, CancellationToken cancellationToken)
    {
        (_limit, _replyLimit, _time, Current) = (limit, replyLimit, time, limit);
        _start = time.GetTimestamp();
        _alarm = new CancellationTokenSource(limit, time);
        _deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _alarm.Token);
    }

    /// <summary>Canceled at the limit, or by the caller.</summary>
    public CancellationToken Token => _deadline.Token;

    /// <summary>The limit that applies now.</summary>
    public TimeSpan Current { get; private set; }

    /// <summary>The message is complete: only its reply is missing.</summary>
    public void WaitForReply()
    {
        Current = _replyLimit;
        _alarm.CancelAfter(_replyLimit);
    }

    /// <summary>Goes back to the first limit for another connection. Returns false if that limit has passed.</summary>
    public bool TryStartOver()
    {
        var left = _limit - _time.GetElapsedTime(_start);
        if (left <= TimeSpan.Zero)
            return false;
        Current = _limit;
        _alarm.CancelAfter(left);
        return true;
    }

    public void Dispose()
    {
        _deadline.Dispose();
        _alarm.Dispose();
    }
}
