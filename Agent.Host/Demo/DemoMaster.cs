using System.Collections.Concurrent;
using System.Net;
using Agent.Actors.Listeners;
using Agent.Actors.Zones;
using Agent.Backends.Embedded;
using Agent.Dns.Net;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Sockets;
using Agent.Host.Transfers;

namespace Agent.Host.Demo;

/// <summary>A master with sample zones on real sockets, of the same parts as the agent: it answers SOA and sends whole zones.</summary>
internal sealed class DemoMaster : IDisposable
{
    private readonly EmbeddedZoneTable _zones = new();
    private readonly ConcurrentDictionary<DomainName, ZoneContent> _contents = new();
    private readonly DnsListeners _listeners;

    public DemoMaster(ILoggerFactory loggers)
    {
        var nobody = new ControlGate(new Nobody());
        _listeners = new DnsListeners(
            new DnsListenerSettings
            {
                Endpoints = [NetworkEndpoint.From(IPAddress.Loopback, 0)],
                Policy = new ListenerPolicy { AllowTransfer = AccessList.Parse("127.0.0.0/8") },
                Gate = nobody,
                LocalAnswerer = new EmbeddedAnswerer(_zones),
                Transfers = new ZoneTransferResponder(
                    zone => Task.FromResult(new ZoneContentReply(zone, _contents.GetValueOrDefault(zone))),
                    history: null,
                    OutgoingLimits.Default,
                    TimeProvider.System,
                    loggers.CreateLogger<ZoneTransferResponder>()),
                Udp = new UdpWorkerOptions { Workers = 1 },
            },
            loggers);
        _listeners.Start();
    }

    public IPEndPoint EndPoint => _listeners.Endpoints[0].ToIPEndPoint();

    /// <summary>Serves this zone file from now on.</summary>
    public void Serve(string apex, string zoneFile)
    {
        DomainName name = DomainName.Parse(apex);
        if (!ZoneFileReader.TryParse(zoneFile, name, out MemoryZoneContent? content, out ZoneFileError? error))
            throw new InvalidDataException($"the sample zone cannot be read: {error}");
        if (ZoneImage.TryBuild(content, out ZoneImage? image) != ZoneContentError.None || image is null)
            throw new InvalidDataException("the sample zone cannot be served");
        _contents[name] = content;
        _zones.Put(image);
    }

    public void Dispose() => _listeners.Dispose();

    /// <summary>A master takes no commands.</summary>
    private sealed class Nobody : IControlSink
    {
        public bool TryPost(ControlRequest request) => false;
    }
}
