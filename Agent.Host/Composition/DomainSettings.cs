using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Listeners;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Host.Configuration;
using Quorum = Agent.Actors.Zones.Quorum;
using QuorumKind = Agent.Actors.Zones.QuorumKind;

namespace Agent.Host.Composition;

/// <summary>Puts options into the terms of the rooms that use them.</summary>
internal static class DomainSettings
{
    public static ZonePolicy PolicyOf(AgentOptions options) => new()
    {
        OnUnknownNotify = options.OnUnknownNotify switch
        {
            UnknownNotifyAction.Create => UnknownNotify.Create,
            UnknownNotifyAction.Ignore => UnknownNotify.Ignore,
            _ => UnknownNotify.Refuse,
        },
        NotifyDelay = options.NotifyDelay,
        AnswerDeadline = options.AnswerDeadline,
        UndeleteWindow = options.UndeleteWindow,
        Quorum = options.Quorum.Kind switch
        {
            Configuration.QuorumKind.All => new Quorum(QuorumKind.All),
            Configuration.QuorumKind.Majority => new Quorum(QuorumKind.Majority),
            _ => new Quorum(QuorumKind.Number, options.Quorum.Count),
        },
        RetryMinimum = options.Transfer.RetryMinimum,
        RetryMaximum = options.Transfer.RetryMaximum,
        NotifyCreatePasses = options.Transfer.Attempts,
    };

    public static TransferLimits LimitsOf(TransferOptions options) => new(
        options.ConnectTimeout,
        options.IdleTimeout,
        options.TotalTimeout,
        options.MinimumBytesPerSecond,
        options.RecordsMax,
        options.BytesMax);

    public static ImmutableArray<Master> MastersOf(AgentOptions options) =>
        [.. options.Masters.Select(m => new Master(m.Endpoint.ToString(), m.Endpoint.Host, m.Endpoint.Port, m.KeyName))];

    /// <summary>The lists of who may do what. An empty list for NOTIFY means the masters' addresses; an empty one for control means as for NOTIFY.</summary>
    public static async Task<ListenerPolicy> PolicyForListenersAsync(AgentOptions options, CancellationToken cancellation)
    {
        IReadOnlyList<AccessEntry> notify = options.Access.AllowNotify.Count > 0
            ? options.Access.AllowNotify
            : await AddressesOfAsync(options.Masters, cancellation);
        IReadOnlyList<AccessEntry> control = options.Access.AllowControl.Count > 0 ? options.Access.AllowControl : notify;
        return new ListenerPolicy
        {
            AllowQuery = ListOf(options.Access.AllowQuery),
            AllowNotify = ListOf(notify),
            AllowControl = ListOf(control),
            AllowTransfer = ListOf(options.Access.AllowTransfer),
            ControlNeedsTcp = options.Access.ControlTransport == ControlTransport.Tcp,
        };
    }

    private static AccessList ListOf(IReadOnlyList<AccessEntry> entries) => AccessList.Parse(entries.Select(e => e.ToString()));

    /// <summary>A master's name that does not resolve now gives nobody access; the next reload or start looks again.</summary>
    private static async Task<IReadOnlyList<AccessEntry>> AddressesOfAsync(IReadOnlyList<MasterOptions> masters, CancellationToken cancellation)
    {
        var entries = new List<AccessEntry>();
        foreach (MasterOptions master in masters)
        {
            if (master.Endpoint.Address is { } address)
            {
                entries.Add(AccessEntry.OfAddress(address));
                continue;
            }

            try
            {
                IPAddress[] addresses = await System.Net.Dns.GetHostAddressesAsync(master.Endpoint.Host, cancellation);
                entries.AddRange(addresses.Select(a => AccessEntry.OfAddress(a)));
            }
            catch (System.Net.Sockets.SocketException)
            {
                // Said at start by the warnings; the directory reports it as the master's state.
            }
        }

        return entries;
    }
}
