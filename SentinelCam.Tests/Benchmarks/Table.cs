using System.Globalization;

namespace SentinelCam.Tests.Benchmarks;

/// <summary>Prints measurements as a Markdown table.</summary>
internal static class Table
{
    public static void Print(string title, params (string What, IReadOnlyList<double> Values)[] rows)
    {
        var lines = new List<string> { "", title, "", "| what | n | median | p95 | max |", "|---|---|---|---|---|" };
        foreach (var (what, values) in rows)
        {
            var sorted = values.Order().ToArray();
            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"| {what} | {sorted.Length} | {At(sorted, 0.5):0.0} | {At(sorted, 0.95):0.0} | {sorted[^1]:0.0} |"));
        }

        Console.WriteLine(string.Join(Environment.NewLine, lines));
    }

    private static double At(double[] sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
}
