using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agent.Dns.Wire;
using Agent.Host.Commands;
using Agent.Host.Composition;
using Agent.Host.Configuration;
using Agent.Host.Telemetry;

namespace Agent.Host.Demo;

/// <summary>
/// The main job on this machine alone: a master with a sample zone, an agent with the embedded server and a journal, and a zone that
/// comes, changes and goes over real sockets. Each step shows its answer and its time, and is checked by a DNS query.
/// </summary>
internal sealed class DemoRun(CommandConsole console) : IDisposable
{
    private const string Zone = "example.test.";
    private static readonly TimeSpan StepPatience = TimeSpan.FromSeconds(10);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("agent-demo-");
    private readonly DomainName _zone = DomainName.Parse(Zone);
    private IPEndPoint _agent = null!;
    private int _failures;

    public async Task<int> RunAsync(DemoRequest request, CancellationToken stop)
    {
        using var lines = new LineLoggerProvider(json: false, LogLevel.Warning, console.Error);
        using ILoggerFactory loggers = LoggerFactory.Create(b => b.AddProvider(lines));
        using var master = new DemoMaster(loggers);
        master.Serve(Zone, SampleZone(1, "192.0.2.10"));
        Say($"master     {master.EndPoint} has {Zone} with serial 1");
        AgentOptions options = AgentConfiguration.Load(new ConfigurationSources([], Settings(master.EndPoint, request.Port ?? 0))).Options;
        await using AgentService service = await AgentService.StartAsync(options, loggers, lines, stop);
        _agent = service.DnsEndpoints[0].ToIPEndPoint();
        Say($"agent      {service.ReadyLine}");
        await StepsAsync(master, stop);
        Say(_failures == 0 ? "all steps went well" : $"{_failures} steps failed");
        if (_failures > 0) return ExitCode.Failed;
        if (!request.Once) await StayAsync(service, master, stop);
        return ExitCode.Done;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task StepsAsync(DemoMaster master, CancellationToken stop)
    {
        await CheckAsync("before", "REFUSED", RecordType.SOA, a => a.ResponseCode == ResponseCode.Refused, stop);
        await SendAsync("create", ControlOperation.Create, useTcp: false, stop);
        await CheckAsync("served", "serial 1", RecordType.SOA, a => a.Serial == 1, stop);
        await CheckAsync("wildcard", "an address", RecordType.A, a => a.Records == 1, stop, "anything.example.test.");
        await CheckAsync("missing", "NXDOMAIN", RecordType.A, a => a.ResponseCode == ResponseCode.NXDomain, stop, "a.www.example.test.");
        master.Serve(Zone, SampleZone(2, "192.0.2.20"));
        Say("change     the master has serial 2 now");
        await SendAsync("notify", ControlOperation.Notify, useTcp: false, stop);
        await CheckAsync("served", "serial 2", RecordType.SOA, a => a.Serial == 2, stop);
        await SendAsync("create", ControlOperation.Create, useTcp: true, stop);
        await SendAsync("delete", ControlOperation.Delete, useTcp: true, stop);
        await CheckAsync("gone", "REFUSED", RecordType.SOA, a => a.ResponseCode == ResponseCode.Refused, stop);
        await SendAsync("delete", ControlOperation.Delete, useTcp: false, stop);
    }

    private async Task SendAsync(string step, ControlOperation operation, bool useTcp, CancellationToken stop)
    {
        string how = useTcp ? "TCP" : "UDP";
        try
        {
            var request = new ControlRequest(operation, _zone, useTcp, StepPatience);
            ControlAnswer answer = await ControlClient.SendAsync(_agent, request, stop);
            string flags = answer.Flags.ToString("x4", CultureInfo.InvariantCulture);
            string what = $"{operation.ToString().ToUpperInvariant()} {Zone} by {how}: {answer.ResponseCode}, flags {flags}";
            Tell(step, what, answer.IsSuccess, answer.Elapsed);
        }
        catch (Exception failure) when (failure is TimeoutException or SocketException)
        {
            Tell(step, $"{operation} by {how}: {failure.Message}", isGood: false, StepPatience);
        }
    }

    /// <summary>Asks until the answer is as it should be, or patience ends: a NOTIFY is answered before its work is done.</summary>
    private async Task CheckAsync(
        string step, string expected, RecordType type, Predicate<DemoQuery.Answer> isGood, CancellationToken stop, string? name = null)
    {
        long started = Stopwatch.GetTimestamp();
        DomainName owner = name is null ? _zone : DomainName.Parse(name);
        DemoQuery.Answer? answer = null;
        while (Stopwatch.GetElapsedTime(started) < StepPatience)
        {
            try
            {
                answer = await DemoQuery.AskAsync(_agent, owner, type, stop);
                if (isGood(answer)) break;
            }
            catch (Exception failure)
                when (failure is SocketException || (failure is OperationCanceledException && !stop.IsCancellationRequested))
            {
                answer = null;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), stop);
        }

        string seen = answer is null ? "no answer"
            : $"{answer.ResponseCode}, {answer.Records} records{(answer.Serial is { } serial ? $", serial {serial}" : "")}";
        Tell(step, $"{owner} {type}: {seen} (wanted {expected})", answer is not null && isGood(answer), Stopwatch.GetElapsedTime(started));
    }

    private async Task StayAsync(AgentService service, DemoMaster master, CancellationToken stop)
    {
        string port = _agent.Port.ToString(CultureInfo.InvariantCulture);
        Say("");
        Say("The demo stays up; end it with Ctrl+C. Try, in another terminal:");
        Say($"  agent zone create {Zone} --at {_agent}");
        Say($"  dig @127.0.0.1 -p {port} www.{Zone} A");
        Say($"  agent zone status {Zone} --api http://{service.ManagementEndPoint}");
        Say($"  a browser at http://{service.ManagementEndPoint}/");
        Say($"The master answers at {master.EndPoint}.");
        try
        {
            await Task.Delay(Timeout.Infinite, stop);
        }
        catch (OperationCanceledException)
        {
            Say("stopping");
        }
    }

    private void Tell(string step, string text, bool isGood, TimeSpan elapsed)
    {
        if (!isGood) _failures++;
        Say($"{step,-10} {(isGood ? "ok  " : "FAIL")} {elapsed.TotalMilliseconds,8:0.0} ms  {text}");
    }

    private void Say(string text) => console.Output.WriteLine(text);

    private string[] Settings(IPEndPoint master, int port) =>
    [
        "agent.backend-driver=embedded",
        "agent.host=127.0.0.1",
        $"agent.port={port}",
        "agent.management.port=0",
        $"agent.masters=[\"{master}\"]",
        "agent.allow-notify=[\"127.0.0.1\"]",
        $"agent.data-dir=\"{_folder.FullName}\"",
    ];

    private static string SampleZone(uint serial, string address) => $"""
        $TTL 300
        @    SOA ns1 hostmaster ({serial} 3600 600 86400 60)
        @    NS  ns1
        ns1  A   192.0.2.1
        www  A   {address}
        www  AAAA 2001:db8::10
        *    A   192.0.2.99
        mail MX  10 www
        mail TXT "one string" "and another"
        """;
}
