using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Bench.Ingest;

/// <summary>What one round of a contender gave.</summary>
/// <param name="Seconds">Times since the order to bring the zone in, by what was reached.</param>
/// <param name="PeakMebibytes">The most memory it held; null where it means nothing.</param>
internal sealed record IngestResult(IReadOnlyDictionary<string, double> Seconds, double? PeakMebibytes);

/// <summary>Who brings the zone in. Each round starts it afresh, so that no round profits from another.</summary>
internal abstract class Contender(string name)
{
    protected static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    public string Name { get; } = name;

    /// <param name="first">A small zone to bring in before: a server at work has its code in memory and its buffers made.</param>
    public abstract Task<IngestResult> RunAsync(IPEndPoint master, TransferRecording zone, TransferRecording first);

    protected static double PeakMebibytes(ChildProcess process) => ProcessTree.PeakOctets(process.Id) / (double)(1 << 20);

    /// <summary>Asks for the SOA every few milliseconds until the serial is served.</summary>
    protected static async Task ServedAsync(IPEndPoint server, TransferRecording zone)
    {
        long started = Stopwatch.GetTimestamp();
        using PeriodicTimer pace = new(PollInterval);
        while (await WorkerClient.PollSerialAsync(server, zone.Zone) != zone.Serial)
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline)
            {
                throw new TimeoutException($"{zone.Zone} is not served at {server}");
            }

            await pace.WaitForNextTickAsync();
        }
    }
}

/// <summary>Reads the socket and does nothing else: no receiver can be faster.</summary>
internal sealed class BareReader() : Contender("bare read")
{
    public override Task<IngestResult> RunAsync(IPEndPoint master, TransferRecording zone, TransferRecording first)
    {
        long started = Stopwatch.GetTimestamp();
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(master);
        socket.Send(DnsSender.Frame(DnsTestMessage.Request(4712, 0, zone.Zone, DnsTestMessage.TypeAxfr)));
        byte[] buffer = new byte[256 * 1024];
        for (long left = zone.Stream.Length; left > 0;)
        {
            int got = socket.Receive(buffer);
            left -= got > 0 ? got : throw new IOException("the master closed too early");
        }

        Dictionary<string, double> seconds = new(StringComparer.Ordinal)
        {
            ["transferred"] = Stopwatch.GetElapsedTime(started).TotalSeconds,
        };
        return Task.FromResult(new IngestResult(seconds, null));
    }
}

/// <summary>A name server that is made a secondary of the zone.</summary>
internal sealed class ServerAsSecondary(string name, Func<MasterServer> create) : Contender(name)
{
    public override async Task<IngestResult> RunAsync(IPEndPoint master, TransferRecording zone, TransferRecording first)
    {
        await using MasterServer server = create();
        await server.StartAsync();
        await server.AddSecondaryAsync(first.Zone, master);
        await ServedAsync(server.EndPoint, first);
        long started = Stopwatch.GetTimestamp();
        Task ordered = server.AddSecondaryAsync(zone.Zone, master);
        await ServedAsync(server.EndPoint, zone);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await ordered;
        return new IngestResult(
            new Dictionary<string, double>(StringComparer.Ordinal) { ["served"] = seconds }, PeakMebibytes(server.Process!));
    }
}

/// <summary>A name server as the target of an agent.</summary>
/// <param name="Server">Not started yet.</param>
/// <param name="Settings">Those of the target.</param>
/// <param name="Others">Others that the agent gets for it.</param>
internal sealed record TargetOfAgent(MasterServer Server, string Settings, string Others = "");

/// <summary>The agent with a name server as its target, which serves the zone when it is through.</summary>
internal sealed class AgentWithTarget(string name, Func<TargetOfAgent> create) : Contender(name)
{
    public override async Task<IngestResult> RunAsync(IPEndPoint master, TransferRecording zone, TransferRecording first)
    {
        (MasterServer server, string settings, string others) = create();
        await using MasterServer target = server;
        await target.StartAsync();
        await using AgentProcess agent = await AgentProcess.StartedAsync(
            $"masters = [\"{master}\"]\ntargets.target {{ {settings} }}\n{others}");
        await agent.Worker.CreateAcceptedAsync(first.Zone);
        await agent.ZoneIsOkAsync(first.Zone, first.Serial);
        long started = Stopwatch.GetTimestamp();
        Task<DnsReply> answer = agent.Worker.CreateAsync(zone.Zone);
        await ServedAsync(target.EndPoint, zone);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        WorkerClient.EnsureAccepted(await answer);
        await agent.ZoneIsOkAsync(zone.Zone, zone.Serial);
        return new IngestResult(
            new Dictionary<string, double>(StringComparer.Ordinal) { ["served"] = seconds }, PeakMebibytes(agent.Process!));
    }
}

/// <summary>
/// The agent with its embedded server. What it reached when is read from the zone's history afterwards, so that asking costs it nothing.
/// </summary>
internal sealed class AgentAsSecondary() : Contender("agent")
{
    public override async Task<IngestResult> RunAsync(IPEndPoint master, TransferRecording zone, TransferRecording first)
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync(
            $"masters = [\"{master}\"]\nbackend-driver = embedded\nallow-notify = [\"127.0.0.1\"]");
        await agent.Worker.CreateAcceptedAsync(first.Zone);
        await agent.ZoneIsOkAsync(first.Zone, first.Serial);
        DateTimeOffset started = DateTimeOffset.UtcNow;
        Task<DnsReply> answer = agent.Worker.CreateAsync(zone.Zone);
        await ServedAsync(agent.Dns, zone);
        Dictionary<string, double> seconds = new(StringComparer.Ordinal) { ["served"] = (DateTimeOffset.UtcNow - started).TotalSeconds };
        WorkerClient.EnsureAccepted(await answer);
        await agent.ZoneIsOkAsync(zone.Zone, zone.Serial);
        seconds["transferred"] = (await AtAsync(agent, zone, "transferred") - started).TotalSeconds;
        seconds["committed"] = (await AtAsync(agent, zone, "created") - started).TotalSeconds;
        return new IngestResult(seconds, PeakMebibytes(agent.Process!));
    }

    private static async Task<DateTimeOffset> AtAsync(AgentProcess agent, TransferRecording zone, string code)
    {
        DateTimeOffset? at = null;
        await Eventually.HoldsAsync(
            async () => (at = await agent.EventAtAsync(zone.Zone, code)) is not null, () => $"{zone.Zone} has {code} in its history");
        return at!.Value;
    }
}
