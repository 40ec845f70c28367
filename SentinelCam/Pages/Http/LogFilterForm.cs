using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Extensions;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>The image log's filter as part of an address. A value that cannot be read is ignored.</summary>
public sealed partial class LogFilterForm
{
    public string? Q { get; set; }

    public CaptureTrigger? Trigger { get; set; }

    public LoginOutcome? Outcome { get; set; }

    public AttemptOrigin? Origin { get; set; }

    public MailFilter? Delivery { get; set; }

    public WhoseEntries? Whose { get; set; }

    public DateOnly? From { get; set; }

    public DateOnly? To { get; set; }

    /// <summary>The browser's time zone, which <c>site.js</c> adds to days: they begin and end there.</summary>
    public string? Zone { get; set; }

    /// <summary>Whether everything is shown.</summary>
    public bool IsEmpty => FilterIn(TimeZoneInfo.Utc) with { Zone = null } == new ImageLogFilter();

    public bool IsTextTooShort => FilterIn(TimeZoneInfo.Utc).IsTextTooShort;

    /// <summary>The filter.</summary>
    /// <param name="zone">The time zone of its days, if the address names none.</param>
    public ImageLogFilter FilterIn(TimeZoneInfo zone) => new(
        Q is { Length: > ImageLogFilter.MaxTextLength } ? Q[..ImageLogFilter.MaxTextLength] : Q,
        Trigger, Outcome, From, To, Delivery, Whose, Origin, From is null && To is null ? null : ZoneOr(zone));

    /// <summary>The same without one of its parts.</summary>
    public LogFilterForm Without(string name)
    {
        var rest = (LogFilterForm)MemberwiseClone();
        switch (name)
        {
            case nameof(Trigger):
                rest.Trigger = null;
                break;
            case nameof(Outcome):
                rest.Outcome = null;
                break;
            case nameof(Origin):
                rest.Origin = null;
                break;
            case nameof(Delivery):
                rest.Delivery = null;
                break;
            case nameof(Whose):
                rest.Whose = null;
                break;
            case nameof(From):
                rest.From = null;
                break;
            case nameof(To):
                rest.To = null;
                break;
        }

        return rest;
    }

    /// <summary>A path with this filter, and more, as its query.</summary>
    public string Url(string path, params (string Name, string Value)[] more)
    {
        var query = new QueryBuilder();
        void Add(string name, object? value)
        {
            if (Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text)
                query.Add(name, text);
        }

        var filter = FilterIn(TimeZoneInfo.Utc);
        Add(nameof(Q), filter.Text);
        Add(nameof(Trigger), filter.Trigger);
        Add(nameof(Outcome), filter.Outcome);
        Add(nameof(Origin), filter.Origin);
        Add(nameof(Delivery), filter.Mail);
        Add(nameof(Whose), filter.Whose);
        Add(nameof(From), filter.From?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        Add(nameof(To), filter.To?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        if (filter.Zone is not null && HasZone)
            Add(nameof(Zone), Zone);
        foreach (var (name, value) in more)
            Add(name, value);
        return path + query.ToQueryString();
    }

    private bool HasZone => Zone is { Length: <= 64 } && ZoneName().IsMatch(Zone);

    private TimeZoneInfo ZoneOr(TimeZoneInfo other) =>
        HasZone && TimeZoneInfo.TryFindSystemTimeZoneById(Zone!, out var zone) ? zone : other;

    /// <summary>Without dots, because the system reads a zone from a file of that name.</summary>
    [GeneratedRegex("^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$")]
    private static partial Regex ZoneName();
}
