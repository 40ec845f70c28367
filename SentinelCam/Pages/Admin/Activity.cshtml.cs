using System.Globalization;
using Htmx;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;
using SentinelCam.Accounts;
using SentinelCam.Data;
using SentinelCam.Visitors;

namespace SentinelCam.Pages;

/// <summary>What happened to all accounts.</summary>
[EnableRateLimiting(RateLimits.Export)]
public sealed class AllActivityModel(ActivityQuery query, ActivityExport export, TimeProvider time) : PageModel
{
    /// <summary>The times to choose from, in days.</summary>
    public static readonly IReadOnlyList<(int Days, string Words)> Times =
        [(1, "Last day"), (7, "Last week"), (30, "Last month")];

    [BindProperty(SupportsGet = true)]
    public string? Q { get; set; }

    [BindProperty(SupportsGet = true)]
    public ActivityGroup? Group { get; set; }

    /// <summary>Only the lines of the last days.</summary>
    [BindProperty(SupportsGet = true)]
    public int? Days { get; set; }

    /// <summary>Only lines before this place, as <see cref="LogPlace.ToString"/> writes it.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Before { get; set; }

    public ActivityList List { get; private set; } = new([], IsOwners: false);

    public bool IsTextTooShort => Filter is { SearchedText: null, Text.Length: > 0 };

    private ActivityFilter Filter
    {
        get
        {
            var text = VisitorText.Clean(Q, ActivityFilter.MaxTextLength);
            return new ActivityFilter(text, ActivityWords.KindsWith(text),
                Group is { } group && Enum.IsDefined(group) ? group : null,
                Days is > 0 and <= 366 ? time.GetUtcNow().AddDays(-Days.Value) : null);
        }
    }

    public async Task<IActionResult> OnGetAsync()
    {
        var before = LogPlace.Parse(Before);
        var items = await query.OfAllAsync(
            Filter, before?.Id ?? long.MaxValue, ActivityQuery.PageSize + 1, HttpContext.RequestAborted);
        List = ActivityList.Of(items, isOwners: false, before, Request.IsHtmx() && before is not null,
            place => UrlOf(Group, Days, (nameof(Before), place.ToString())));
        Q = Filter.Text;
        return this.PageOrPartial("_Activity", List);
    }

    /// <summary>The lines that match as a file.</summary>
    /// <param name="format">Of which kind.</param>
    public async Task<IActionResult> OnGetExportAsync(ActivityFormat format)
    {
        if (!ModelState.IsValid)
            return NotFound();
        var (type, ending) = format is ActivityFormat.Csv ? ("text/csv; charset=utf-8", "csv") : ("application/jsonl", "jsonl");
        Response.ContentType = type;
        Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture,
            $"attachment; filename=\"sentinelcam-activity-{time.GetUtcNow():yyyyMMdd-HHmmss}.{ending}\"");
        await export.WriteAsync(Filter, format, Response.Body, HttpContext.RequestAborted);
        return new EmptyResult();
    }

    /// <summary>This page with the same text and another filter.</summary>
    public string UrlOf(ActivityGroup? group, int? days, params (string Name, string Value)[] more)
    {
        var query = new QueryBuilder();
        if (Filter.Text is { Length: > 0 } text)
            query.Add(nameof(Q), text);
        if (group is not null)
            query.Add(nameof(Group), group.Value.ToString());
        if (days is not null)
            query.Add(nameof(Days), days.Value.ToString(CultureInfo.InvariantCulture));
        foreach (var (name, value) in more)
            query.Add(name, value);
        return "/admin/activity" + query.ToQueryString();
    }
}
