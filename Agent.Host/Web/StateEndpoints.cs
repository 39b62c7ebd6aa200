using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Host.Telemetry;

namespace Agent.Host.Web;

/// <summary>Targets, masters, keys, health and metrics.</summary>
internal sealed class StateEndpoints(ManagementParts parts, ZoneQueries queries)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly AnycastEndpoint _anycast = new(parts);
    private readonly Readiness _readiness = new(parts);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReading("/api/v1/targets", async () => Results.Json(new { targets = await TargetsAsync(await queries.CountAsync()) }));
        routes.MapReading("/api/v1/masters", async () => Results.Json(new { masters = await MastersAsync() }));
        routes.MapReading("/api/v1/keys", () => Results.Json(new { keys = parts.Keys() }));
        routes.MapReading("/livez", LiveAsync);
        routes.MapReading("/readyz", _readiness.AnswerAsync);
        routes.MapReading("/anycast", AnycastAsync);
        routes.MapReading("/metrics", MetricsAsync);
    }

    /// <param name="sums">What the zones' owners say; null where nobody is asked.</param>
    private async Task<IReadOnlyList<TargetModel>> TargetsAsync(ZoneSums? sums = null)
    {
        TargetSet set;
        try
        {
            set = (await parts.Targets.Ask<TargetSetChanged>(new GetTargetSet(), Patience)).Targets;
        }
        catch (AskTimeoutException)
        {
            // A node that has not heard of the cluster yet knows no target.
            return [];
        }

        TargetStatus[] statuses = await Task.WhenAll(
            set.Targets.Values.Select(t => t.Ask<TargetStatus>(new GetTargetStatus(), Patience)));
        ClusterNaming naming = await ClusterNaming.NowAsync(parts);
        return
        [
            .. statuses.Select(s => new TargetModel(
                naming.PlaceOf(s.Name).Name,
                s.Driver,
                naming.PlaceOf(s.Name).Node,
                s.Healthy ? "up" : "away",
                ReasonModel.Of(s.Reason, s.Since),
                s.Since,
                // A server that is away was told of few of the zones that it is owed; one that is asked much knows of more than was proven.
                Math.Max(s.Behind, sums?.Behind.GetValueOrDefault(s.Name) ?? 0),
                s.UnderWay)
            {
                Identity = s.Server?.Identity,
                Version = s.Server?.Version ?? s.Controlled,
                Nsid = s.Server?.Nsid,
                ControlledVersion = s.Controlled,
                Features = s.Features,
                Limits = s.Limits is null ? null : LimitsModel.Of(s.Limits),
                ZonesEscalated = s.Escalated,
                ZonesExhausted = s.Exhausted,
                ZonesDrifted = s.Drifted,
            }),
        ];
    }

    private async Task<IReadOnlyList<MasterModel>> MastersAsync()
    {
        MasterStates states = await parts.Masters.Ask<MasterStates>(new GetMasterStates(), Patience);
        return
        [
            .. states.Masters.Select(m => MasterModel.Of(m, states.Roster)),
        ];
    }

    /// <summary>Alive when actors still get their turn; says nothing of the journal or of servers.</summary>
    private async Task<IResult> LiveAsync()
    {
        try
        {
            await parts.Region.Ask<RegionState>(new GetRegionState(), Patience);
            if (parts.IsStuck()) return Results.Text("the runtime is stuck\n", statusCode: StatusCodes.Status503ServiceUnavailable);
            return Results.Text("ok\n");
        }
        catch (Exception e) when (e is AskTimeoutException or AskFailedException)
        {
            return Results.Text("actors do not answer\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>
    /// Whether this node should attract traffic. One that does not announce says whether all zones have their owners and a server that
    /// answers can be reached. A journal that takes no writes is no reason to send queries elsewhere.
    /// </summary>
    private async Task<IResult> AnycastAsync()
    {
        if (parts.Anycast is { } anycast) return _anycast.Answer(anycast);
        RegionState region = await parts.Region.Ask<RegionState>(new GetRegionState(), Patience);
        IReadOnlyList<TargetModel> targets = await TargetsAsync();
        return AnycastEndpoint.Answer(
            parts.IsStuck() ? new Reason(ReasonCode.RuntimeStuck, "the runtime is stuck")
            : region.Reachable < region.Total
                ? new Reason(ReasonCode.NoOwner, $"{region.Reachable} of {region.Total} shards have an owner that can be reached")
            : targets.All(t => t.State != "up") ? new Reason(ReasonCode.TargetAway, "no target can be reached")
            : null);
    }

    private async Task<IResult> MetricsAsync()
    {
        var text = new System.Text.StringBuilder(parts.Metrics.Text());
        text.Append("# HELP dnsagent_zones Zones by state.\n# TYPE dnsagent_zones gauge\n");
        ZoneSums sums = await queries.CountAsync();
        foreach ((string state, int count) in sums.ByState.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            text.Append("dnsagent_zones{state=\"").Append(state).Append("\"} ").Append(count).Append('\n');
        }

        IReadOnlyList<TargetModel> targets = await TargetsAsync(sums);
        ShowEach(text, "dnsagent_zones_behind", "Zones that a target does not yet serve as wanted.", targets, t => t.ZonesBehind);
        ShowEach(text, "dnsagent_target_up", "Whether a target could be reached at the last try.", targets, t => t.State == "up" ? 1 : 0);
        ShowEach(text, "dnsagent_zones_escalated", "Zones that a target took and did not serve.", targets, t => t.ZonesEscalated);
        ShowEach(text, "dnsagent_zones_drifted", "Zones that others changed at a target.", targets, t => t.ZonesDrifted);
        text.Append("# HELP dnsagent_up The agent runs.\n# TYPE dnsagent_up gauge\ndnsagent_up 1\n");
        text.Append("# HELP dnsagent_gc_heap_bytes The managed heap, garbage included.\n# TYPE dnsagent_gc_heap_bytes gauge\n");
        text.Append("dnsagent_gc_heap_bytes ").Append(GC.GetTotalMemory(forceFullCollection: false)).Append('\n');
        text.Append("# HELP dnsagent_gc_allocated_bytes_total What was ever allocated on the managed heap, nearly.\n")
            .Append("# TYPE dnsagent_gc_allocated_bytes_total counter\ndnsagent_gc_allocated_bytes_total ")
            .Append(GC.GetTotalAllocatedBytes()).Append('\n');
        string version = typeof(StateEndpoints).Assembly.GetName().Version?.ToString(3) ?? "0";
        text.Append("# HELP dnsagent_build_info Version of the agent.\n# TYPE dnsagent_build_info gauge\n");
        text.Append("dnsagent_build_info{version=\"").Append(version).Append("\"} 1\n");
        return Results.Text(text.ToString(), "text/plain; version=0.0.4; charset=utf-8");
    }

    private void ShowEach(
        System.Text.StringBuilder text, string name, string help, IReadOnlyList<TargetModel> targets, Func<TargetModel, int> value)
    {
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(" gauge\n");
        foreach (TargetModel target in targets)
            text.Append(name).Append('{').Append(Labels(target)).Append("} ").Append(value(target)).Append('\n');
    }

    /// <summary>In a cluster every node has targets of the same names.</summary>
    private string Labels(TargetModel target) => parts.Cluster is null
        ? $"target=\"{MetricSeries.Escape(target.Name)}\""
        : $"target=\"{MetricSeries.Escape(target.Name)}\",node=\"{MetricSeries.Escape(target.Node)}\"";
}
