using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Telemetry;
using Agent.Backends.Embedded;
using Agent.Host.Journal;
using Agent.Host.Sockets;
using Agent.Host.Telemetry;
using Agent.Host.Transfers;
using Agent.Host.Web;

namespace Agent.Host.Composition;

/// <summary>The management interface: what of the service it shows and who may ask.</summary>
internal sealed partial class AgentService
{
    /// <summary>All that every agent counts; what only some have begins where it is started.</summary>
    private static void BeginCounters(bool hasTls)
    {
        AgentMetrics.Begin();
        ConnectionBounds.Begin();
        GuardMetrics.Begin(
            ReasonCode.GuardApex, ReasonCode.GuardShrink, ReasonCode.GuardDnssec, ReasonCode.GuardOutOfZone, ReasonCode.GuardZonemd);
        JournalMetrics.Begin();
        OutgoingMetrics.Begin();
        RuntimeMetrics.Begin();
        TransferMetrics.Begin();
        if (hasTls) TlsAcceptor.Begin();
    }

    private Task<ManagementServer> StartManagementAsync(
        DataDirectory data,
        EmbeddedZoneTable zones,
        IActorRef targets,
        IActorRef journal,
        PrometheusExporter metrics,
        RuntimeWatchdog watchdog,
        AnycastService? anycast,
        ILoggerProvider logging)
    {
        var parts = new ManagementParts(
            _options.NodeName,
            _region,
            targets,
            _masters,
            journal,
            metrics,
            () => watchdog.IsStuck,
            () => _policy.Current.AnswerDeadline,
            _cluster?.Node)
        {
            Anycast = anycast?.Parts,
            Desk = _cluster?.Desk,
            Keys = KeyModels,
            Sweep = _sweep,
            ContentSweep = _contentSweep,
            Served = new ServedZones(_options, zones, _transferKeys, data.SpoolPath, TimeProvider.System),
            Catalogs = _options.Catalogs.Keys.ToArray(),
        };
        return ManagementServer.StartAsync(
            new IPEndPoint(_options.Management.Address, _options.Management.Port),
            new ManagementGuard(
                data.Use(() => ApiToken.Load(data.Path)),
                new HostNames(["localhost", Environment.MachineName, _options.NodeName, .. _options.Management.HostNames]),
                _options.Management.Open),
            parts,
            _system,
            logging);
    }
}
