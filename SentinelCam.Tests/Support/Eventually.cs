using System.Collections;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace SentinelCam.Tests.Support;

/// <summary>Waits for something that happens in the background, and no longer than it takes.</summary>
/// <remarks>
/// The overloads share their optional parameters: <c>log</c> is added to the failure, <c>meanwhile</c> runs before each further
/// look, for example to move a clock, and <c>patience</c> is for what may take more than a minute.
/// </remarks>
public static class Eventually
{
    /// <summary>How long a test waits before it fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until a condition holds.</summary>
    /// <exception cref="TimeoutException">It does not hold in time.</exception>
    public static Task TrueAsync(
        Func<bool> condition, Func<string>? log = null, Action? meanwhile = null, TimeSpan? patience = null,
        [CallerArgumentExpression(nameof(condition))] string text = "") =>
        WaitAsync(() => Task.FromResult(condition()), holds => holds, log, meanwhile, patience, text);

    /// <summary>Waits until a condition holds.</summary>
    /// <exception cref="TimeoutException">It does not hold in time.</exception>
    public static Task TrueAsync(
        Func<Task<bool>> condition, Func<string>? log = null, Action? meanwhile = null, TimeSpan? patience = null,
        [CallerArgumentExpression(nameof(condition))] string text = "") =>
        WaitAsync(condition, holds => holds, log, meanwhile, patience, text);

    /// <summary>Asks until the answer satisfies.</summary>
    /// <returns>The answer that did.</returns>
    /// <exception cref="TimeoutException">No answer satisfies in time.</exception>
    public static Task<T> GetAsync<T>(
        Func<T> query, Func<T, bool> satisfies, Func<string>? log = null, Action? meanwhile = null, TimeSpan? patience = null,
        [CallerArgumentExpression(nameof(satisfies))] string text = "") =>
        WaitAsync(() => Task.FromResult(query()), satisfies, log, meanwhile, patience, text);

    /// <summary>Asks until the answer satisfies.</summary>
    /// <returns>The answer that did.</returns>
    /// <exception cref="TimeoutException">No answer satisfies in time.</exception>
    public static Task<T> GetAsync<T>(
        Func<Task<T>> query, Func<T, bool> satisfies, Func<string>? log = null, Action? meanwhile = null,
            TimeSpan? patience = null,
        [CallerArgumentExpression(nameof(satisfies))] string text = "") =>
        WaitAsync(query, satisfies, log, meanwhile, patience, text);

    private static async Task<T> WaitAsync<T>(
        Func<Task<T>> query, Func<T, bool> satisfies, Func<string>? log, Action? meanwhile, TimeSpan? patience, string text)
    {
        var limit = patience ?? Patience;
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var answer = await query();
            if (satisfies(answer))
                return answer;
            if (watch.Elapsed > limit)
                throw new TimeoutException(
                    $"Not within {limit.TotalSeconds:0} s: {text}\nLast seen: {Describe(answer)}\n{log?.Invoke()}");
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
            meanwhile?.Invoke();
        }
    }

    private static string Describe(object? answer) => answer switch
    {
        null => "nothing",
        string text => text,
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>())}]",
        _ => answer.ToString()!,
    };
}
