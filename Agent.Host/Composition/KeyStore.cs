using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Host.Configuration;

namespace Agent.Host.Composition;

/// <summary>The TSIG keys in force. A reload exchanges all of them at once; whoever has begun an exchange ends it with the key it began with.</summary>
internal sealed class KeyStore
{
    private volatile TsigKeyring _current;

    public KeyStore(IReadOnlyDictionary<string, KeyOptions> keys)
    {
        _current = Build(keys);
    }

    public TsigKeyring Current => _current;

    public void Replace(IReadOnlyDictionary<string, KeyOptions> keys) => _current = Build(keys);

    /// <summary>The key of a configured name; null when there is none.</summary>
    public TsigKey? Find(string name) => DomainName.TryParse(name, out DomainName? parsed) ? _current.Find(parsed) : null;

    private static TsigKeyring Build(IReadOnlyDictionary<string, KeyOptions> keys) => new(keys.Values.Select(KeyOf));

    private static TsigKey KeyOf(KeyOptions options)
    {
        if (!TsigAlgorithms.TryParse(options.Algorithm, out TsigAlgorithm algorithm) || !DomainName.TryParse(options.Name, out DomainName? name))
            throw new ArgumentException($"key {options.Name}: name or algorithm cannot be used");
        return new TsigKey(name, algorithm, options.Secret.Reveal());
    }
}
