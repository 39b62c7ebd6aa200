using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A master that has every hostile name as a zone, and the life of all these zones through one agent.</summary>
internal sealed partial class HostileNameFarm : IAsyncDisposable
{
    /// <summary>A zone of the server's own, which nobody may touch.</summary>
    public const string Canary = "canary.test.";

    private const int AtATime = 6;

    private static readonly HttpClient Http = new();

    private readonly ConcurrentDictionary<string, HostileZone> _zones = new(StringComparer.Ordinal);

    public HostileNameFarm()
    {
        IEnumerable<byte[]> names = HostileName.All.Select(name => name.Wire)
            .Concat(HostileName.SameZones.Select(pair => DnsTestMessage.EncodeName(pair.First)))
            .Concat(HostileName.DifferentZones.Select(DnsTestMessage.EncodeName));
        foreach (byte[] name in names)
            _zones[Key(name)] = new HostileZone(name);
        Master = new ScriptedMaster(query => _zones.TryGetValue(Key(query.Name), out HostileZone? zone)
            ? zone.Answer(query)
            : [new MasterStep.Send(ScriptedZone.Response(query, 5))]);
    }

    public ScriptedMaster Master { get; }

    public ValueTask DisposeAsync() => Master.DisposeAsync();

    public static async Task<BindServer> StartedBindAsync()
    {
        BindServer server = new();
        await server.SetZoneAsync(MasterZone.WithHosts(Canary, 1, 2));
        await server.StartAsync();
        return server;
    }

    /// <summary>How many zones named has.</summary>
    public static async Task<int> ZonesOfAsync(BindServer server)
    {
        Match match = NumberOfZones().Match((await server.RndcAsync("status")).EnsureSuccess().Output);
        return int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <summary>Tells named of a changed file, as an operator would who knows nothing of hostile names.</summary>
    public static string Script(BindServer server)
    {
        string rndc = $"rndc -s 127.0.0.1 -p {server.ControlPort} -k {server.ControlKeyFile}";
        return $$"""
            #!/bin/sh
            zone=$1
            if [ ! -e "$2" ]; then
              {{rndc}} zonestatus "$zone" || exit 0
              exec {{rndc}} delzone -clean "$zone"
            fi
            {{rndc}} reload "$zone" || exec {{rndc}} addzone "\"$zone\"" "{ type master; check-names ignore; file \"$2\"; };"

            """;
    }

    /// <summary>The whole life of all names.</summary>
    /// <param name="server">Who serves what it takes.</param>
    /// <param name="refusal">The reason that a name is refused for; null for a name that is served.</param>
    public async Task RunAsync(AgentProcess agent, IPEndPoint server, Func<HostileName, string?> refusal)
    {
        ConcurrentQueue<string> wrong = [];
        await ForAllAsync(HostileName.All, wrong, name => CreateAsync(agent, server, name.Text, refusal(name)));
        HostileName[] served = [.. HostileName.All.Where(name => refusal(name) is null)];
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));

        await ShownEscapedAsync(agent, served);
        await ForAllAsync(served, wrong, name => ChangeAsync(agent, server, name.Text));
        await ForAllAsync(served, wrong, name => DeleteAsync(agent, server, name.Text));
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));

        await SameAndDifferentAsync(agent, server);
        Assert.Empty(await ListedAsync(agent));
        LinesAreWhole(agent.Output);
    }

    private static async Task ForAllAsync(IEnumerable<HostileName> names, ConcurrentQueue<string> wrong, Func<HostileName, Task> act) =>
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (name, _) =>
        {
            try
            {
                await act(name);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                wrong.Enqueue($"{name.What}: {error.Message}");
            }
        });

    private async Task CreateAsync(AgentProcess agent, IPEndPoint server, string zone, string? refusal)
    {
        byte[] request = DnsTestMessage.WithOpt(DnsTestMessage.Request(
            7, WorkerClient.ControlFlags, zone, WorkerClient.TypeCreate, WorkerClient.ClassControl));
        DnsReply reply = new((await agent.Worker.ExchangeAsync(request, WorkerClient.ControlTimeout))!, agent.Dns);
        string reason = Encoding.UTF8.GetString(reply.Opt!.Rdata);
        if (refusal is not null)
        {
            Assert.True((reply.Flags, reason.Contains(refusal, StringComparison.Ordinal)) == (0xF002, true), $"{reply.Flags:x4} {reason}");
            await Eventually.HoldsAsync(async () => await agent.ZoneAsync(Path(zone)) is null, () => "the refused zone is forgotten");
            return;
        }

        Assert.True(reply.Flags == 0xF400, $"{reply.Flags:x4} {reason}");
        Assert.Equal(1u, await WorkerClient.PollSerialAsync(server, zone));
        Assert.Equal(await DigTool.TransferAsync(Master.EndPoint, zone), await DigTool.TransferAsync(server, zone));
    }

    private async Task ChangeAsync(AgentProcess agent, IPEndPoint server, string zone)
    {
        _zones[Key(DnsTestMessage.EncodeName(zone))].Serial = 2;
        await agent.WorkerByTcp.NotifyAcceptedAsync(zone);
        await WorkerClient.ServedAsync(server, zone, 2);
        await agent.ZoneIsOkAsync(Path(zone), 2);
    }

    private static async Task DeleteAsync(AgentProcess agent, IPEndPoint server, string zone)
    {
        await agent.Worker.DeleteAcceptedAsync(zone);
        await WorkerClient.GoneAsync(server, zone);
        await Eventually.HoldsAsync(async () => await agent.ZoneAsync(Path(zone)) is null, () => "the deleted zone is forgotten");
    }

    /// <summary>The interface, the commands and the page show every name, and none of its octets that could do anything.</summary>
    private static async Task ShownEscapedAsync(AgentProcess agent, HostileName[] served)
    {
        IEnumerable<string> listed = await ListedAsync(agent);
        Assert.Equal(served.Select(name => Key(name.Wire)).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        string body = await Http.GetStringAsync(new Uri($"http://{agent.Management}/api/v1/zones?limit=1000"));
        Assert.DoesNotContain(body, character => character is < ' ' or '<' or '>' or > '~');
        foreach (string output in new[] { "table", "json" })
        {
            ToolResult list = await agent.CommandAsync("zone", "list", "--api", $"http://{agent.Management}", "-o", output);
            Assert.DoesNotContain(list.EnsureSuccess().Output, character => character is (< ' ' and not '\n' and not '\t') or > '~');
        }

        foreach (HostileName name in served.Where(name => name.What is "terminal commands" or "the root" or "a placeholder" or "an option"))
        {
            string[] arguments = ["zone", "history", name.Text, "--api", $"http://{agent.Management}"];
            string history = (await agent.CommandAsync(arguments)).EnsureSuccess().Output;
            Assert.DoesNotContain(history, character => char.IsControl(character) && character is not '\n' and not '\t');
        }
    }

    private static async Task<string[]> ListedAsync(AgentProcess agent)
    {
        JsonElement list = (await agent.GetAsync("/api/v1/zones?limit=1000"))!.Value;
        return
        [
            .. list.GetProperty("zones").EnumerateArray()
                .Select(zone => Key(DnsTestMessage.EncodeName(zone.GetProperty("name").GetString()!))),
        ];
    }

    private async Task SameAndDifferentAsync(AgentProcess agent, IPEndPoint server)
    {
        foreach ((string first, string second) in HostileName.SameZones)
        {
            await agent.Worker.CreateAcceptedAsync(first);
            await agent.Worker.CreateAcceptedAsync(second);
            Assert.Single(await ListedAsync(agent));
            await DeleteAsync(agent, server, second);
        }

        foreach ((int index, string zone) in HostileName.DifferentZones.Index())
        {
            _zones[Key(DnsTestMessage.EncodeName(zone))].Serial = (uint)index + 10;
            await agent.Worker.CreateAcceptedAsync(zone);
        }

        foreach ((int index, string zone) in HostileName.DifferentZones.Index())
            Assert.Equal((uint)index + 10, await WorkerClient.PollSerialAsync(server, zone));
        foreach ((int index, string zone) in HostileName.DifferentZones.Index())
        {
            await DeleteAsync(agent, server, zone);
            if (index + 1 < HostileName.DifferentZones.Count)
                Assert.Equal((uint)index + 11, await WorkerClient.PollSerialAsync(server, HostileName.DifferentZones[index + 1]));
        }
    }

    /// <summary>Nobody could write into the log: every line is one of ours, without control characters.</summary>
    private static void LinesAreWhole(string output)
    {
        // Of a long output the harness keeps the end, which may begin inside a line.
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            Assert.DoesNotContain(line, character => char.IsControl(character));
            Assert.True(line.StartsWith("ready ", StringComparison.Ordinal) || IsLogLine(line), line);
        }
    }

    private static bool IsLogLine(string line)
    {
        if (!line.StartsWith('{'))
            return LogLine().IsMatch(line);
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.TryGetProperty("time", out _);
    }

    private static string Path(string zone) => zone == "." ? "@" : zone;

    /// <summary>The name as the zone that it is: case folded.</summary>
    private static string Key(byte[] wire) => Encoding.Latin1.GetString(wire).ToLowerInvariant();

    [GeneratedRegex("^time=\\S+ level=[a-z]+ area=")]
    private static partial Regex LogLine();

    [GeneratedRegex("number of zones: (?<count>\\d+)")]
    private static partial Regex NumberOfZones();
}
