using SentinelCam.Data;

namespace SentinelCam.Pages;

/// <summary>The active filters of the image log, in words.</summary>
public static class FilterWords
{
    /// <summary>Each active filter except the search, with the filter that is left without it.</summary>
    public static IEnumerable<(string Words, LogFilterForm Others)> Active(LogFilterForm form)
    {
        ArgumentNullException.ThrowIfNull(form);
        if (form.Trigger is { } trigger)
            yield return (EntryWords.Because(trigger), form.Without(nameof(form.Trigger)));
        if (form.Origin is { } origin)
            yield return (EntryWords.Of(origin), form.Without(nameof(form.Origin)));
        if (form.Outcome is { } outcome)
            yield return (outcome.InWords(), form.Without(nameof(form.Outcome)));
        if (form.Delivery is { } mail)
            yield return ($"email: {EntryWords.Of(mail)}", form.Without(nameof(form.Delivery)));
        if (form.Whose is { } whose)
            yield return (EntryWords.Of(whose), form.Without(nameof(form.Whose)));
        if (form.From is { } from)
            yield return ($"from {TimeWords.Day(from)}", form.Without(nameof(form.From)));
        if (form.To is { } to)
            yield return ($"to {TimeWords.Day(to)}", form.Without(nameof(form.To)));
    }
}
