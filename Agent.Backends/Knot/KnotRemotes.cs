using System.Globalization;
using System.Net;
using Agent.Backends.Shared;

namespace Agent.Backends.Knot;

/// <summary>
/// The remotes that the driver makes in knotd's configuration, one for each primary. Address and key are in the name: two targets that have
/// the same primaries share them, and one whose primaries change gets others. They are never taken away.
/// </summary>
internal sealed class KnotRemotes
{
    private const string Section = "remote";
    private const string Prefix = "agent-primary-";

    private readonly string? _key;
    private readonly (string Id, string Address)[] _remotes;

    public KnotRemotes(TransferSource source)
    {
        _key = source.KeyName;
        string suffix = _key is null ? "" : "+" + _key;
        _remotes = [.. source.Primaries.Select(TextOf).Select(address => (Prefix + address + suffix, address))];
    }

    /// <summary>Their names, in the order in which they are asked.</summary>
    public IReadOnlyList<string> Ids => [.. _remotes.Select(remote => remote.Id)];

    /// <summary>The question for a remote of knotd's configuration.</summary>
    public static KnotUnit Of(string id) => new() { [KnotItem.Section] = Section, [KnotItem.Id] = id };

    /// <summary>The question for the key that the remotes sign with; null when they do not.</summary>
    public KnotUnit? Key => _key is null ? null : new KnotUnit { [KnotItem.Section] = "key", [KnotItem.Id] = _key };

    /// <summary>What is to be set for one that is not there.</summary>
    public IReadOnlyList<KnotUnit> Creation(string id)
    {
        string address = _remotes.First(remote => remote.Id == id).Address;
        List<KnotUnit> units = [Of(id), Of(id, "address", address)];
        if (_key is not null)
            units.Add(Of(id, "key", _key));
        return units;
    }

    /// <summary>Whether a unit of a difference is about one of ours.</summary>
    public static bool IsOurs(KnotUnit unit) =>
        unit[KnotItem.Section] == Section && IsOurs(unit[KnotItem.Id] ?? unit[KnotItem.Data]);

    /// <summary>Whether it is the name of one of ours.</summary>
    public static bool IsOurs(string? id) => id?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    private static KnotUnit Of(string id, string item, string data) => new()
    {
        [KnotItem.Section] = Section,
        [KnotItem.Id] = id,
        [KnotItem.Item] = item,
        [KnotItem.Data] = data,
    };

    private static string TextOf(IPEndPoint primary) =>
        string.Create(CultureInfo.InvariantCulture, $"{primary.Address}@{primary.Port}");
}
