using System.Globalization;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using SentinelCam.Alerts;
using SentinelCam.Data;
using SentinelCam.Device;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>From which failure on log-ins are mailed, for each kind of program, as a form shows and posts it.</summary>
/// <param name="Rows">Each kind, the number as text, and whether it is switched off.</param>
public sealed record DeviceServicesForm(IReadOnlyList<(DeviceService Service, string From, bool IsOff)> Rows)
{
    private const int MaxLength = 20;

    /// <summary>The rules in use.</summary>
    public static DeviceServicesForm Of(IReadOnlyList<ServiceRule> rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        return new([.. rules.Select(r => (r.Service, r.AlertFrom.ToString(CultureInfo.InvariantCulture), r.IsOff))]);
    }

    /// <summary>What was posted, with what the form does not show from the rules in use.</summary>
    public static DeviceServicesForm Read(
        Dictionary<string, string?> from, Dictionary<string, string?>? watched, IReadOnlyList<ServiceRule> inUse)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(inUse);
        return new(
        [
            .. inUse.Select(r => (r.Service,
                VisitorText.Clean(from.GetValueOrDefault(r.Service.ToString()), MaxLength),
                watched is null ? r.IsOff : !watched.ContainsKey(r.Service.ToString()))),
        ]);
    }

    /// <summary>The rules; adds an error to the form for a number that cannot be used.</summary>
    /// <returns>Null if there is an error.</returns>
    public IReadOnlyList<ServiceRule>? Parse(ModelStateDictionary problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        var rules = new List<ServiceRule>();
        foreach (var (service, text, isOff) in Rows)
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number is >= 1 and <= AlertPreferences.MaxAlertFrom)
            {
                rules.Add(new ServiceRule(service, number, isOff));
            }
            else
            {
                problems.AddModelError($"From[{service}]",
                    $"{service.InWords()}: enter the number of the failure that sends the first email, 1 to "
                    + $"{AlertPreferences.MaxAlertFrom}.");
            }
        }

        return rules.Count == Rows.Count ? rules : null;
    }
}
