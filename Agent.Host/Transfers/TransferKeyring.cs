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
    private readonly TsigLedger _ledger;
    private readonly ConcurrentDictionary<(string Host, int Port, string Key), bool> _rejected = new();
    private volatile TsigKeyring _keys;

    /// <param name="keys">The keys of the configuration.</param>
    /// <param name="clock">Wall-clock time, which signatures carry.</param>
    /// <param name="ledger">Where the use of keys is noted.</param>
    public TransferKeyring(TsigKeyring keys, TimeProvider clock, TsigLedger? ledger = null)
    {
        _keys = keys;
        _clock = clock;
        _ledger = ledger ?? new TsigLedger();
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
        string peer = $"master {master.Name}";
        if (master.NextKeyName is not { } next)
            return Begin(first, peer);
        bool isTurned = _rejected.ContainsKey((master.Host, master.Port, first));
        return isTurned ? Begin(next, peer) ?? Begin(first, peer) : Begin(first, peer) ?? Begin(next, peer);
    }

    /// <summary>Notes that a master does not take a key; true when another one is to be tried.</summary>
    internal bool TryTurn(Master master, string key)
    {
        if (master is not { KeyName: { } first, NextKeyName: { } next } || Find(first) is null || Find(next) is null)
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
    internal TransferSignature? Begin(string keyName, string peer) =>
        Find(keyName) is { } key ? new TransferSignature(key, _clock, _ledger.Of(key), peer) : null;
}
