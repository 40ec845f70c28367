namespace SentinelCam.Data;

/// <summary>The values of the only process on a database.</summary>
internal sealed class ValuesInMemory : ISharedValues
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Task<string?> FindAsync(string name) => ChangeAsync(name, value => value);

    public Task<string?> ChangeAsync(string name, Func<string?, string?> change)
    {
        lock (_values)
        {
            var value = change(_values.GetValueOrDefault(name));
            if (value is null)
                _values.Remove(name);
            else
                _values[name] = value;
            return Task.FromResult(value);
        }
    }
}
