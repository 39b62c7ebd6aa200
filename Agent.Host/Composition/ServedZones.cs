using Agent.Actors.Reasons;
using Agent.Backends.Embedded;
using Agent.Backends.Shared;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Configuration;
using Agent.Host.Transfers;
using Agent.Host.Web;

namespace Agent.Host.Composition;

/// <summary>Reads zones from the servers of the targets: by AXFR, signed where the target has a key, or from our own table.</summary>
internal sealed class ServedZones(
    AgentOptions options, EmbeddedZoneTable zones, TransferKeyring keys, string spoolDirectory, TimeProvider clock) : IServedZones
{
    // An operator waits for it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task<ServedAnswer> ReadAsync(string target, DomainName zone, long maximumBytes, CancellationToken stop)
    {
        // Of a server that each node has for itself the status says at which node.
        string[] parts = target.Split('@', 2);
        if (options.Targets.FirstOrDefault(known => known.Name == parts[0]) is not { } found)
            return new ServedAnswer(null, "unknown-target", $"there is no target named {parts[0]}");
        if (parts.Length == 2 && parts[1] != options.NodeName)
            return new ServedAnswer(null, "target-elsewhere", $"{target} is reached by the node {parts[1]} alone; ask the agent there");
        if (found.Settings is EmbeddedSettings) return FromTable(zone);
        if (found.Server is not { } server)
            return new ServedAnswer(null, "target-without-server", $"{target} has no server that can be asked");
        return await FromServerAsync(server, found, zone, maximumBytes, stop);
    }

    private ServedAnswer FromTable(DomainName zone)
    {
        if (!zones.TryGet(zone, out ZoneImage? image)) return Absent($"the agent does not serve {zone} itself");
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        ZoneContentError error = image.WriteTo(builder);
        return error == ZoneContentError.None && builder.TryBuild(out MemoryZoneContent? content)
            ? new ServedAnswer(content, "", "")
            : throw new IOException(builder.Error.Text());
    }

    private async Task<ServedAnswer> FromServerAsync(
        HostEndpoint server, TargetOptions target, DomainName zone, long maximumBytes, CancellationToken stop)
    {
        TsigKey? key = TargetFactory.KeyOf(target, keys);
        using var late = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            var reader = new ServedZoneReader(server.ToEndPoint(), spoolDirectory, clock);
            ServedZone served = await reader.ReadAsync(zone, key, maximumBytes, either.Token);
            return served.Outcome switch
            {
                ServedZoneOutcome.Read => new ServedAnswer(served.Zone, "", ""),
                ServedZoneOutcome.Absent => Absent(served.Text),
                ServedZoneOutcome.Refused => new ServedAnswer(
                    null, ReasonCode.TargetRefused, $"{served.Text}; to be compared, the zone must be open to transfers by this machine"),
                _ => new ServedAnswer(null, ReasonCode.TargetAway, served.Text),
            };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new ServedAnswer(null, ReasonCode.TargetAway, $"{server} did not give {zone} within {Patience.TotalSeconds:0} s");
        }
    }

    private static ServedAnswer Absent(string text) => new(null, "target-absent", text);
}
