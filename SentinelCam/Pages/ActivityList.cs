using SentinelCam.Accounts;
using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>A page of activity.</summary>
/// <param name="Items">The lines, the latest first.</param>
/// <param name="IsOwners">Whether it is shown to the owner of the account, and not to an administrator.</param>
/// <param name="Older">The address of the next page; null if there is none.</param>
/// <param name="After">The time of the line before the first, if a list is continued: it has the heading of its day.</param>
public sealed record ActivityList(
    IReadOnlyList<ActivityItem> Items, bool IsOwners, string? Older = null, DateTimeOffset? After = null)
{
    /// <summary>Makes a page of one line more than it shows, which proves that there are older ones.</summary>
    /// <param name="items">Up to <see cref="ActivityQuery.PageSize"/> lines, and one.</param>
    /// <param name="isOwners">Whether it is shown to the owner of the account.</param>
    /// <param name="before">Where it begins; null for the latest line.</param>
    /// <param name="continues">Whether it is added to a list.</param>
    /// <param name="urlBefore">The address of the lines before a place.</param>
    public static ActivityList Of(
        IReadOnlyList<ActivityItem> items, bool isOwners, LogPlace? before, bool continues, Func<LogPlace, string> urlBefore)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(urlBefore);
        var shown = items.Take(ActivityQuery.PageSize).ToList();
        var last = shown.Count > 0 ? shown[^1].Line : null;
        return new ActivityList(shown, isOwners,
            items.Count > shown.Count ? urlBefore(new LogPlace(last!.At.ToUnixTimeMilliseconds(), last.Id)) : null,
            continues && before is not null
                ? DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(before.At, 0, LogPlace.End)) : null);
    }
}
