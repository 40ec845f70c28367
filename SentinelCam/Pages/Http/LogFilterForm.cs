using System.Globalization;
using Microsoft.AspNetCore.Http.Extensions;
using SentinelCam.Data;
using SentinelCam.ImageLog;

namespace SentinelCam.Pages;

/// <summary>The image log's filter as part of an address. A value that cannot be read is ignored.</summary>
public sealed class LogFilterForm
{
    public string? Q { get; set; }

    public CaptureTrigger? Trigger { get; set; }

    public LoginOutcome? Outcome { get; set; }

    public AttemptOrigin? Origin { get; set; }

    public MailFilter? Delivery { get; set; }

    public WhoseEntries? Whose { get; set; }

    public DateOnly? From { get; set; }

    public DateOnly? To { get; set; }

    public ImageLogFilter Filter => new(
        Q is { Length: > ImageLogFilter.MaxTextLength } ? Q[..ImageLogFilter.MaxTextLength] : Q,
        Trigger, Outcome, From, To, Delivery, Whose, Origin);

    /// <summary>A path with this filter, and more, as its query.</summary>
    public string Url(string path, params (string Name, string Value)[] more)
    {
        var query = new QueryBuilder();
        void Add(string name, object? value)
        {
            if (Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text)
                query.Add(name, text);
        }

        var filter = Filter;
        Add(nameof(Q), filter.Text);
        Add(nameof(Trigger), filter.Trigger);
        Add(nameof(Outcome), filter.Outcome);
        Add(nameof(Origin), filter.Origin);
        Add(nameof(Delivery), filter.Mail);
        Add(nameof(Whose), filter.Whose);
        Add(nameof(From), filter.From?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        Add(nameof(To), filter.To?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        foreach (var (name, value) in more)
            Add(name, value);
        return path + query.ToQueryString();
    }
}
