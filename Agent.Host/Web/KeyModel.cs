using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Host.Configuration;

namespace Agent.Host.Web;

/// <summary>A TSIG key as JSON. The secret is no part of it.</summary>
/// <param name="UsedBy">"master NAME", "receiver ADDRESS", and the access lists that name it.</param>
/// <param name="LastGood">When a message under the key was last verified at this node; null since its start.</param>
/// <param name="LastFailure">What last went wrong with it at this node.</param>
public sealed record KeyModel(
    string Name, string Algorithm, IReadOnlyList<string> UsedBy, DateTimeOffset? LastGood, TsigKeyFailure? LastFailure)
{
    internal static IReadOnlyList<KeyModel> Of(AgentOptions options, TsigLedger ledger) =>
        [.. options.Keys.Values.OrderBy(key => key.Name, StringComparer.Ordinal).Select(key => Of(key, options, ledger))];

    private static KeyModel Of(KeyOptions key, AgentOptions options, TsigLedger ledger)
    {
        TsigKeyUse use = ledger.Of(key.ToTsigKey());
        DomainName name = DomainName.Parse(key.Name);
        return new KeyModel(key.Name, key.Algorithm, [.. UsersOf(name, options)], use.LastGood, use.LastFailure);
    }

    private static IEnumerable<string> UsersOf(DomainName key, AgentOptions options)
    {
        bool Is(string? name) => DomainName.TryParse(name, out DomainName? parsed) && parsed == key;
        bool Names(IEnumerable<AccessEntry> list) => list.Any(entry => entry.Kind == AccessEntryKind.Key && Is(entry.KeyName));
        IEnumerable<string> masters = options.Roster.All.Where(master => Is(master.KeyName) || Is(master.NextKeyName))
            .Select(master => $"master {master.Name}").Distinct(StringComparer.Ordinal);
        IEnumerable<string> receivers = options.AlsoNotify.Where(receiver => Is(receiver.KeyName))
            .Select(receiver => $"receiver {receiver.EndPoint}");
        (string Name, IEnumerable<AccessEntry> Entries)[] lists =
        [
            ("allow-notify", options.Access.AllowNotify), ("allow-control", options.Access.AllowControl),
            ("allow-transfer", options.Access.AllowTransfer), ("allow-query", options.Access.AllowQuery),
        ];
        return [.. masters, .. receivers, .. lists.Where(list => Names(list.Entries)).Select(list => list.Name)];
    }
}
