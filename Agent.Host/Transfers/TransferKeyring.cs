using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Host.Transfers;

/// <summary>
/// The keys that requests to masters are signed with. Each exchange looks its key up anew, so a replaced ring counts at once, and exchanges
/// under way end with the key that they began with.
/// </summary>
public sealed class TransferKeyring
{
    private readonly TimeProvider _clock;
    private volatile TsigKeyring _keys;

    public TransferKeyring(TsigKeyring keys, TimeProvider clock)
    {
        _keys = keys;
        _clock = clock;
    }

    /// <summary>Takes other keys from now on.</summary>
    public void Replace(TsigKeyring keys) => _keys = keys;

    /// <summary>Begins an exchange under a key; null when there is no key of this name.</summary>
    internal TransferSignature? Begin(string keyName) =>
        DomainName.TryParse(keyName, out DomainName? name) && _keys.Find(name) is { } key ? new TransferSignature(key, _clock) : null;
}
