using System.Text.RegularExpressions;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>Requirements name tests that exist.</summary>
public partial class SecurityDocumentTests
{
    [Fact]
    public void Tests_that_the_requirements_name_exist()
    {
        var document = File.ReadAllText(Path.Combine(SourceTree.Root, "Pages-docs", "security.md"));
        var classes = typeof(SecurityDocumentTests).Assembly.GetTypes().ToLookup(type => type.Name);
        List<string> missing = [];
        var named = 0;
        // A method without its class belongs to the class before
        IEnumerable<Type> current = [];
        foreach (Match name in Name().Matches(document))
        {
            if (name.Groups["class"] is { Success: true, Value: var @class })
                current = classes[@class];
            var method = name.Groups["method"];
            if (!current.Any() || (method.Success && !current.Any(type => type.GetMethod(method.Value) is not null)))
                missing.Add(name.Value);
            named++;
        }

        Assert.Empty(missing);
        Assert.True(named > 100);
    }

    [GeneratedRegex(@"`(?<class>[A-Z]\w+(Tests|Benchmarks))(\.(?<method>\w+))?`|`(?<method>[A-Z][A-Za-z0-9]*_\w+)`")]
    private static partial Regex Name();
}
