using System.Collections.Frozen;
using Agent.Dns.Wire;

namespace Agent.Dns.Tsig;

/// <summary>The keys that a server accepts, by name. Immutable; a change of keys is a new ring.</summary>
public sealed class TsigKeyring
{
    private readonly FrozenDictionary<DomainName, TsigKey> _keys;

    /// <summary>Collects keys; of two with the same name the later counts.</summary>
    public TsigKeyring(IEnumerable<TsigKey> keys)
    {
        var byName = new Dictionary<DomainName, TsigKey>();
        foreach (var key in keys) byName[key.Name] = key;
        _keys = byName.ToFrozenDictionary();
        SignatureBytesMax = _keys.Values.Select(key => key.SignatureBytesMax).DefaultIfEmpty(0).Max();
    }

    /// <summary>A ring without keys: every signature is one of an unknown key.</summary>
    public static TsigKeyring Empty { get; } = new([]);

    /// <summary>Bytes that the largest signature of these keys adds to a message.</summary>
    public int SignatureBytesMax { get; }

    /// <summary>All keys.</summary>
    public IReadOnlyCollection<TsigKey> Keys => _keys.Values;

    /// <summary>The key of this name; null if there is none.</summary>
    public TsigKey? Find(DomainName name) => _keys.GetValueOrDefault(name);
}
