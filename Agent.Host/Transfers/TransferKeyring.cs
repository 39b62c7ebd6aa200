using System.Collections.Concurrent;
using Agent.Actors.Transfers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Host.Transfers;

/// <summary>
/// The keys that requests to masters are signed with. Each exchange looks its key up anew, so a replaced ring counts at once, and exchanges
/// under way end with the key that they began with.
/// </summary>
/// <remarks>
/// A master may have two keys while one is being replaced by the other. The first one counts until the master does not take it; then the
/// other, until that is not taken either.
/// </remarks>
public sealed class TransferKeyring
{
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<(string Host, int Port, string Key), bool> _rejected = new();
    private volatile TsigKeyring _keys;

    public TransferKeyring(TsigKeyring keys, TimeProvider clock)
    {
        _keys = keys;
        _clock = clock;
    }

    /// <summary>Takes other keys from now on, and every master's first key first.</summary>
    public void Replace(TsigKeyring keys)
    {
        _keys = keys;
        _rejected.Clear();
    }

    /// <summary>Begins an exchange with a master; null when it has no key, or there is no key of the name.</summary>
    internal TransferSignature? Begin(Master master)
    {
        if (master.KeyName is not { } first)
            return null;
        if (master.NextKeyName is not { } next)
            return Begin(first);
        bool isTurned = _rejected.ContainsKey((master.Host, master.Port, first));
        return isTurned ? Begin(next) ?? Begin(first) : Begin(first) ?? Begin(next);
    }

    /// <summary>Notes that a master does not take a key; true when another one is to be tried.</summary>
    internal bool TryTurn(Master master, string key)
    {
        if (master is not { KeyName: { } first, NextKeyName: { } next } || Begin(first) is null || Begin(next) is null)
            return false;
        if (DomainName.Parse(key) == DomainName.Parse(first))
            _rejected[(master.Host, master.Port, first)] = true;
        else
            _rejected.TryRemove((master.Host, master.Port, first), out _);
        return true;
    }

    /// <summary>The key of a name as it stands now; null when there is none.</summary>
    public TsigKey? Find(string keyName) => DomainName.TryParse(keyName, out DomainName? name) ? _keys.Find(name) : null;

    /// <summary>Begins an exchange under a key; null when there is no key of this name.</summary>
    internal TransferSignature? Begin(string keyName) =>
        Find(keyName) is { } key ? new TransferSignature(key, _clock) : null;
}
