using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Agent.Bench.Peers;
using Agent.Tests.Listeners;
using Xunit.Abstractions;

namespace Agent.Tests.Scenarios;

/// <summary>
/// Everything hostile at once and for long: damaged messages, clients that dawdle or break off, masters that break transfers, nonsense
/// to the management interface; between all that, good requests whose answers must be right. Memory and descriptors must not grow.
/// AGENT_HOSTILE_MINUTES asks for hours of it, AGENT_HOSTILE_SEED for another course.
/// </summary>
[Trait("Category", "Long")]
public sealed class HostileSoakTests(ITestOutputHelper output)
{
    private const string Steady = "steady.example.";
    private const int RoundsWithoutWish = 120;
    private const int RoundsForSample = 4;
    private const int DefaultSeed = 20_265;

    private static readonly TimeSpan RoundPause = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Memory_and_descriptors_stay_flat_and_good_requests_are_served()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("AGENT_HOSTILE_SEED"), out int wanted) ? wanted : DefaultSeed;
        TimeSpan? duration = double.TryParse(
            Environment.GetEnvironmentVariable("AGENT_HOSTILE_MINUTES"), CultureInfo.InvariantCulture, out double minutes)
            ? TimeSpan.FromMinutes(minutes)
            : null;
        await using Attack attack = await Attack.StartAsync(seed);
        List<ProcessSample> samples = [];
        long start = Stopwatch.GetTimestamp();
        using PeriodicTimer pace = new(RoundPause);
        for (int round = 0; duration is null ? round < RoundsWithoutWish : Stopwatch.GetElapsedTime(start) < duration; round++)
        {
            await attack.RoundAsync(round);
            if (round % RoundsForSample == 0) samples.Add(await Flatness.SampleAsync(attack.Agent));
            await pace.WaitForNextTickAsync();
        }

        int descriptors = samples[0].Descriptors;
        await attack.LetGoAsync();
        await Eventually.HoldsAsync(
            () => ProcessSample.DescriptorsOf(attack.Agent) <= descriptors, () => "the descriptors of those who are gone come back");
        output.WriteLine($"seed {seed}, {samples.Count} samples, {attack.Sent}");
        Flatness flatness = new(samples);
        output.WriteLine(flatness.ToString());
        Assert.Empty(flatness.Growing());
    }

    private sealed class Attack : IAsyncDisposable
    {
        private const int Datagrams = 300;
        private const int Streams = 10;
        private const int Dawdlers = 30;
        private const int GoodZones = 40;

        // Behind the rounds that are for coverage.
        private static readonly int FirstMessage = 2 * HostileMessages.Combinations;

        private static readonly BrokenTransfer[] Quick =
        [
            .. BrokenTransfer.All.Where(broken => broken.Reason is not ("nothing came" or "transfer-timeout")), .. BrokenTransfer.Malformed,
        ];

        private static readonly string[] Paths =
        [
            "/api/v1/zones/%00", "/api/v1/zones/..%2f..%2fetc", "/api/v1/zones?limit=-1", "/api/v1/zones?after=a..b",
            "/api/v1/zones/" + new string('a', 3000), "/../../etc/passwd", "/api/v1/zones/x/refresh", "/api/v1/zones?state=%3Cscript%3E",
        ];

        private readonly Random _random;
        private readonly PatientBed _bed = new();
        private readonly UdpClient _udp = new();
        private readonly Queue<TcpClient> _dawdlers = new();
        private int _message = FirstMessage;
        private int _transfers;
        private int _good;

        private Attack(int seed) => _random = new Random(seed);

        public AgentProcess Agent => _bed.Agent;

        public string Sent =>
            $"{_message - FirstMessage} damaged messages, {_transfers} broken transfers, {_good} good requests";

        public static async Task<Attack> StartAsync(int seed)
        {
            Attack attack = new(seed);
            await attack._bed.InitializeAsync();
            attack._bed.Zones.Set(new ScriptedZone(Steady, 3));
            attack._udp.Connect(attack.Agent.Dns);
            await attack.Agent.Worker.CreateAcceptedAsync(Steady);
            // What is kept open all the time is open before the first sample.
            for (int i = 0; i < Dawdlers; i++)
                await attack.DawdleAsync();
            return attack;
        }

        public async Task RoundAsync(int round)
        {
            for (int i = 0; i < Datagrams; i++)
                await _udp.SendAsync(HostileMessages.Next(_random, _message++).Octets);
            Assert.Equal(3u, await WorkerClient.PollSerialAsync(Agent.Dns, Steady));
            for (int i = 0; i < Streams; i++)
                await StreamAsync();
            await DawdleAsync();
            await NonsenseAsync(Paths[round % Paths.Length]);
            await _bed.CreateFailsAsync(Quick[round % Quick.Length]);
            _transfers++;
            await GoodLifeAsync($"good{round % GoodZones}.example.");
        }

        /// <summary>All connections that are still open are closed.</summary>
        public async Task LetGoAsync()
        {
            while (_dawdlers.TryDequeue(out TcpClient? client))
                client.Dispose();
            Assert.Equal(3u, await WorkerClient.PollSerialAsync(Agent.Dns, Steady));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (TcpClient client in _dawdlers)
                client.Dispose();
            _udp.Dispose();
            await _bed.DisposeAsync();
        }

        private async Task StreamAsync()
        {
            using TcpClient tcp = new();
            await tcp.ConnectAsync(Agent.Dns);
            byte[] message = HostileMessages.Next(_random, _message++).Octets;
            await tcp.GetStream().WriteAsync(_random.Next(2) == 0 ? DnsSender.Frame(message) : message);
            if (_random.Next(2) == 0)
                tcp.Client.LingerState = new LingerOption(true, 0);
        }

        /// <summary>One more client that says half of something, and one octet more from those that are still waited for.</summary>
        private async Task DawdleAsync()
        {
            TcpClient dawdler = new();
            await dawdler.ConnectAsync(Agent.Dns);
            await dawdler.GetStream().WriteAsync(new byte[] { 0, 90, 1 }.AsMemory(0, _random.Next(4)));
            _dawdlers.Enqueue(dawdler);
            if (_dawdlers.Count > Dawdlers)
                _dawdlers.Dequeue().Dispose();
            foreach (TcpClient client in _dawdlers)
            {
                try
                {
                    await client.GetStream().WriteAsync(new byte[] { 1 });
                }
                catch (Exception error) when (error is IOException or InvalidOperationException)
                {
                    // Given up on by the agent, as it should.
                }
            }
        }

        private async Task NonsenseAsync(string path)
        {
            using TcpClient http = new();
            await http.ConnectAsync(Agent.Management);
            string line = _random.Next(2) == 0
                ? $"GET {path} HTTP/1.1\r\nHost: {Agent.Management}\r\nConnection: close\r\n\r\n"
                : $"\u0000{path}\r\n\r\n";
            await http.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(line));
            byte[] answer = new byte[16];
            int read = await http.GetStream().ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false);
            string status = System.Text.Encoding.Latin1.GetString(answer, 0, read);
            Assert.DoesNotContain(" 5", status, StringComparison.Ordinal);
            Assert.DoesNotContain(" 200", status, StringComparison.Ordinal);
        }

        private async Task GoodLifeAsync(string zone)
        {
            _bed.Zones.Set(new ScriptedZone(zone, 1));
            await Agent.Worker.CreateAcceptedAsync(zone);
            Assert.Equal(1u, await WorkerClient.PollSerialAsync(Agent.Dns, zone));
            _bed.Zones[zone].Serial = 2;
            await Agent.WorkerByTcp.NotifyAcceptedAsync(zone);
            await WorkerClient.ServedAsync(Agent.Dns, zone, 2, () => Agent.Output);
            DnsReply reply = await Agent.Worker.AskAsync(0, "host1." + zone, 1, 1, WorkerClient.NotifyTimeout);
            Assert.Equal([192, 0, 2, 2], reply.Records[0].Rdata);
            await Agent.WorkerByTcp.DeleteAcceptedAsync(zone);
            Assert.Equal(0u, await WorkerClient.PollSerialAsync(Agent.Dns, zone));
            _good += 6;
        }
    }

    /// <summary>Sizes are bounded as in the tests of single transfers; times are not, as the machine may be busy for long.</summary>
    private sealed class PatientBed : BrokenTransferBed
    {
        protected override string TransferSettings => "transfer { max-records = 2000, max-bytes = 256KiB }";
    }
}
