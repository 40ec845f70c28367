namespace SentinelCam.Data;

/// <summary>
/// How many mails an account did not get because it had too many within a day. One row at most for each account.
/// </summary>
public sealed class HeldBackMails
{
    public long AccountId { get; set; }

    public int Count { get; set; }

    /// <summary>
    /// When the first of them would have been mailed. A day later, their number is mailed and the row is removed.
    /// </summary>
    public DateTimeOffset Since { get; set; }
}
