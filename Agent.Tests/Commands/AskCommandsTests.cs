using System.Net;
using System.Text.Json;
using Agent.Host.Commands;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Agent.Tests.Commands;

/// <summary>The asking commands against a scripted management interface.</summary>
public sealed class AskCommandsTests : IAsyncLifetime
{
    private const string Ok = """
        { "name": "example.org.", "state": "ok", "serial": 7, "wantedSerial": 7, "records": 3, "owner": "n1", "reason": null,
          "targets": [
            { "name": "ns1", "node": "n1", "serial": 7, "verifiedAt": "2026-11-20T10:00:00Z", "state": "verified", "reason": null } ] }
        """;

    private const string OneTarget = """
        { "targets": [
          { "name": "ns1", "driver": "bind9", "node": "n", "state": "up", "zonesBehind": 2, "ordersUnderWay": 1,
            "zonesEscalated": 3, "zonesDrifted": 4, "reason": null } ] }
        """;

    private const string Half = """
        { "name": "example.org.", "state": "applying", "serial": 6, "wantedSerial": 7, "records": 3,
          "reason": { "code": "target-away", "text": "ns2 is away" },
          "targets": [ { "name": "ns1", "state": "verified", "serial": 7 }, { "name": "ns2", "state": "away", "serial": 6 } ] }
        """;

    private const string OnTrial = """
        { "name": "example.org.", "state": "blocked", "serial": 7, "reason": { "code": "rollout-stopped", "text": "serial 8 stops at ns1" },
          "targets": [ { "name": "ns1", "state": "refused", "serial": 7 }, { "name": "ns2", "state": "verified", "serial": 7 } ] }
        """;

    private const string Guarded = """
        { "name": "example.org.", "state": "blocked", "reason": { "code": "guard-shrink", "text": "lost 90 %" }, "targets": [] }
        """;

    private const string Waiting = """
        { "name": "example.org.", "state": "blocked", "serial": 7,
          "candidate": { "serial": 8, "state": "waiting", "hash": "aa", "reason": { "code": "guard-shrink", "text": "90 %" } } }
        """;

    private const string NoTargets = """{ "name": "example.org.", "state": "pending", "targets": [] }""";

    private readonly List<string> _requests = [];
    private readonly Dictionary<string, Queue<(int Status, string Body)>> _answers = [];
    private WebApplication? _server;
    private string _api = "";

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync();
        _api = _server.Urls.First();
    }

    public async Task DisposeAsync() => await _server!.DisposeAsync();

    /// <summary>A script that looks for a zone must not take it for gone.</summary>
    [Fact]
    public async Task List_fails_where_some_shards_were_not_heard_and_shows_the_others()
    {
        Answer("GET /api/v1/zones?limit=1000", 200, $"{{ \"zones\": [ {Ok} ], \"next\": null, \"complete\": false }}");
        CommandRun run = await Ask("zone", "list", "-o", "json");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        JsonElement list = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal((1, false), (list.GetProperty("zones").GetArrayLength(), list.GetProperty("complete").GetBoolean()));
        Assert.Contains("not whole", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_reads_all_pages()
    {
        Answer("GET /api/v1/zones?state=ok&prefix=a%26b&limit=1000", 200, $"{{ \"zones\": [ {Ok} ], \"next\": \"example.org.\" }}");
        Answer("GET /api/v1/zones?state=ok&prefix=a%26b&limit=1000&after=example.org.", 200,
            $"{{ \"zones\": [ {Half} ], \"next\": null }}");
        CommandRun run = await Ask("zone", "list", "--state", "ok", "--prefix", "a&b");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        string[] lines = run.Output.Split('\n');
        Assert.Equal("ZONE\tSTATE\tSERIAL\tWANTED\tRECORDS\tTARGETS\tREASON", lines[0]);
        Assert.Equal("example.org.\tok\t7\t7\t3\t1/1\t", lines[1]);
        Assert.Equal("example.org.\tapplying\t6\t7\t3\t1/2\ttarget-away: ns2 is away", lines[2]);
    }

    [Fact]
    public async Task List_stops_at_the_limit()
    {
        Answer("GET /api/v1/zones?limit=1", 200, $"{{ \"zones\": [ {Ok} ], \"next\": \"example.org.\" }}");
        CommandRun run = await Ask("zone", "list", "--limit", "1", "-o", "json");
        Assert.Equal(1, JsonDocument.Parse(run.Output).RootElement.GetProperty("zones").GetArrayLength());
    }

    [Fact]
    public async Task Status_shows_the_zone_and_its_targets()
    {
        Answer("GET /api/v1/zones/example.org.", 200, Ok, Ok);
        CommandRun table = await Ask("zone", "status", "example.org");
        Assert.Contains("ns1\tn1\tverified\t7\t2026-11-20T10:00:00Z\t\n", table.Output);
        CommandRun json = await Ask("zone", "status", "example.org", "-o", "json");
        Assert.Equal(7, JsonDocument.Parse(json.Output).RootElement.GetProperty("serial").GetInt32());
    }

    [Fact]
    public async Task Orders_carry_the_token()
    {
        string tokenFile = Path.GetTempFileName();
        File.WriteAllText(tokenFile, "t0ken\n");
        Answer("POST /api/v1/zones/example.org./refresh Bearer t0ken", 202, "");
        Answer("POST /api/v1/zones/example.org./retransfer Bearer t0ken", 202, "");
        Assert.Equal(ExitCode.Done, (await Ask("zone", "refresh", "example.org", "--token-file", tokenFile)).ExitCode);
        Assert.Equal(ExitCode.Done, (await Ask("zone", "retransfer", "example.org", "--token-file", tokenFile)).ExitCode);
        Assert.Equal(2, _requests.Count);
        File.Delete(tokenFile);
    }

    [Theory]
    [InlineData("zone refresh example.org", "POST zones/example.org./refresh", "",
        """{"zone":"example.org.","order":"refresh","outcome":"begun"}""")]
    [InlineData("zone retransfer example.org", "POST zones/example.org./retransfer", "",
        """{"zone":"example.org.","order":"retransfer","outcome":"begun"}""")]
    [InlineData("zone remove example.org", "DELETE zones/example.org.", "",
        """{"zone":"example.org.","order":"remove","outcome":"removed"}""")]
    [InlineData("zone approve example.org", "POST zones/example.org./approve?serial=8&hash=aa", "",
        """{"zone":"example.org.","order":"approve","outcome":"approved","serial":8,"reason":{"code":"guard-shrink","text":"90 %"}}""")]
    [InlineData("zone reject example.org", "POST zones/example.org./reject?serial=8&hash=aa", "",
        """{"zone":"example.org.","order":"reject","outcome":"rejected","serial":8,"reason":{"code":"guard-shrink","text":"90 %"}}""")]
    [InlineData("zone adopt example.org", "POST orphans/adopt?zone=example.org.", """{"name":"example.org."}""",
        """{"zone":"example.org.","order":"adopt","outcome":"adopted"}""")]
    [InlineData("zone remove-orphans --count 2", "POST orphans/remove?count=2", """{"removed":2,"kept":0,"reason":null}""",
        """{"removed":2,"kept":0,"reason":null}""")]
    [InlineData("target repair ns1@a", "POST targets/ns1@a/repair", "",
        """{"target":"ns1@a","zone":null,"order":"repair","outcome":"begun"}""")]
    [InlineData("target repair ns1 example.org", "POST targets/ns1/repair?zone=example.org", "",
        """{"target":"ns1","zone":"example.org","order":"repair","outcome":"begun"}""")]
    [InlineData("cluster drain", "POST cluster/drain", "", """{"order":"drain","outcome":"begun"}""")]
    [InlineData("cluster drain --undo", "DELETE cluster/drain", "", """{"order":"drain","outcome":"undone"}""")]
    [InlineData("cluster pins --shard 3 --node a", "PUT cluster/pins/3", "",
        """{"shard":3,"node":"a","order":"pin","outcome":"pinned"}""")]
    [InlineData("cluster pins --shard 3", "DELETE cluster/pins/3", "",
        """{"shard":3,"node":null,"order":"pin","outcome":"unpinned"}""")]
    [InlineData("cluster forget a", "DELETE cluster/nodes/a", "", """{"node":"a","order":"forget","outcome":"forgotten"}""")]
    [InlineData("catalog approve c.org", "POST catalogs/c.org./approve?serial=4", "",
        """{"catalog":"c.org.","order":"approve","outcome":"approved","serial":4,"removing":9}""")]
    public async Task Orders_say_as_json_what_came_of_them(string command, string request, string answer, string json)
    {
        Answer("GET /api/v1/zones/example.org.", 200, Waiting, Waiting);
        Answer("GET /api/v1/catalogs/c.org.", 200, """{ "name": "c.org.", "serial": 4, "removing": 9 }""",
            """{ "name": "c.org.", "serial": 4, "removing": 9 }""");
        Answer(request.Replace(" ", " /api/v1/", StringComparison.Ordinal), 200, answer, answer);
        CommandRun run = await Ask([.. command.Split(' '), "-o", "json"]);
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        JsonElement said = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(json, JsonSerializer.Serialize(said));

        CommandRun inWords = await Ask(command.Split(' '));
        Assert.Equal(ExitCode.Done, inWords.ExitCode);
        Assert.Single(inWords.Output.TrimEnd('\n').Split('\n'));
        Assert.DoesNotContain("{", inWords.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Orphans_that_are_kept_are_a_failure_also_as_json()
    {
        Answer("POST /api/v1/orphans/remove?count=2", 200,
            """{ "removed": 1, "kept": 1, "reason": { "code": "target-refused", "text": "no" } }""");
        CommandRun run = await Ask("zone", "remove-orphans", "--count", "2", "-o", "json");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal(1, JsonDocument.Parse(run.Output).RootElement.GetProperty("kept").GetInt32());
        Assert.Contains("1 kept: target-refused: no", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_targets_and_masters()
    {
        Answer("GET /api/v1/zones/example.org./history?limit=100", 200,
            """{ "events": [ { "at": "T", "code": "created", "text": "a\u001bb", "serial": 7, "target": null } ] }""");
        Answer("GET /api/v1/targets", 200,
            OneTarget,
            OneTarget,
            OneTarget,
            """{ "targets": [] }""");
        Answer("GET /api/v1/masters", 200,
            """{ "masters": [ { "name": "m", "address": "192.0.2.1:53", "state": "up", "circuit": "closed", "failures": 0, "zones": ["*.a.", "b."] } ] }""");
        Assert.Contains("T\tcreated\t7\t\ta\uFFFDb\n", (await Ask("zone", "history", "example.org")).Output);
        Assert.Contains("ns1\tbind9\t\tn\tup\t2\t1\t3\t4\t\n", (await Ask("target", "list")).Output);
        Assert.Contains("ns1\tbind9\t\tn\tup\t2\t1\t3\t4\t\n", (await Ask("target", "status")).Output);
        Assert.Contains("\"zonesBehind\": 2", (await Ask("target", "status", "ns1", "-o", "json")).Output);
        Assert.Equal(ExitCode.Failed, (await Ask("target", "status", "ns9")).ExitCode);
        Assert.Contains("m\t192.0.2.1:53\tup\tclosed\t0\t*.a. b.\t\n", (await Ask("master", "list")).Output);
    }

    [Theory]
    [InlineData("embedded", 2)]
    [InlineData("embedded@node1", 1)]
    [InlineData("embedded@node3", 0)]
    [InlineData("node1", 0)]
    public async Task A_target_of_a_cluster_is_called_with_its_node_or_without(string called, int found)
    {
        Answer("GET /api/v1/targets", 200,
            """{ "targets": [ { "name": "embedded", "node": "node1" }, { "name": "embedded", "node": "node2" } ] }""");
        CommandRun run = await Ask("target", "status", called);
        Assert.Equal(found > 0 ? ExitCode.Done : ExitCode.Failed, run.ExitCode);

        // Each target has a line in each of the two tables.
        Assert.Equal(2 * found, run.Output.Split('\n').Count(line => line.StartsWith("embedded\t", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Wait_ends_when_every_target_is_level()
    {
        Answer("GET /api/v1/zones/example.org.", 200, Half, Half, Ok);
        CommandRun run = await Ask("zone", "wait", "example.org", "--serial", "7");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal("example.org. ok, serial 7, 1 of 1 targets verified\n", run.Output);
    }

    [Theory]
    [InlineData(Half, null, ExitCode.Partial)]
    [InlineData(Ok, "8", ExitCode.TimedOut)]
    [InlineData(Guarded, null, ExitCode.StoppedByGuard)]
    [InlineData(OnTrial, "8", ExitCode.StoppedByGuard)]
    public async Task Wait_says_how_far_it_came(string zone, string? serial, int exitCode)
    {
        Answer("GET /api/v1/zones/example.org.", 200, zone);
        string[] wanted = serial is null ? [] : ["--serial", serial];
        CommandRun run = await Ask(["zone", "wait", "example.org", "--timeout", "0", .. wanted]);
        Assert.Equal(exitCode, run.ExitCode);
    }

    [Theory]
    [InlineData(Half, "7", "1", ExitCode.Done)]
    [InlineData(Half, "7", "majority", ExitCode.Partial)]
    [InlineData(Half, "7", "2", ExitCode.Partial)]
    [InlineData(Half, "8", "1", ExitCode.TimedOut)]
    [InlineData(Half, "7", "all", ExitCode.Partial)]
    [InlineData(Ok, "7", "1", ExitCode.Done)]
    [InlineData(Ok, "7", "5", ExitCode.Usage)]
    [InlineData(Half, "8", "3", ExitCode.Usage)]
    [InlineData(NoTargets, "7", "5", ExitCode.TimedOut)]
    [InlineData(Ok, "7", "0", ExitCode.Usage)]
    [InlineData(Ok, "7", "most", ExitCode.Usage)]
    public async Task Wait_may_be_content_with_some_of_the_targets(string zone, string serial, string quorum, int exitCode)
    {
        Answer("GET /api/v1/zones/example.org.", 200, zone);
        CommandRun run = await Ask("zone", "wait", "example.org", serial, "--quorum", quorum, "--timeout", "0");
        Assert.Equal(exitCode, run.ExitCode);
    }

    [Fact]
    public async Task Masters_are_told_apart_by_tls_profile_and_one_that_answers_may_rest()
    {
        Answer("GET /api/v1/masters", 200, """
            { "masters": [
              { "name": "m1", "address": "192.0.2.1:53", "tls": null, "state": "up", "circuit": "closed", "failures": 0, "reason": null,
                "zones": ["*"], "rests": [
                  { "fault": "broken", "reason": { "code": "transfer-timeout", "text": "nothing came" }, "retryInSeconds": 0 } ] },
              { "name": "m1", "address": "192.0.2.1:853", "tls": "pinned", "state": "down", "circuit": "closed", "failures": 1,
                "reason": { "code": "tls-pin", "text": "another key" }, "zones": [], "rests": [] } ] }
            """);
        CommandRun run = await Ask("master", "list");
        Assert.Contains("m1\t192.0.2.1:53\tup\tclosed\t0\t*\tcomes last (broken): transfer-timeout: nothing came\n", run.Output);
        Assert.Contains("m1 (tls pinned)\t192.0.2.1:853\tdown\tclosed\t1\t\ttls-pin: another key\n", run.Output);
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("-1")]
    [InlineData("Infinity")]
    public async Task Wait_has_an_end(string timeout)
    {
        Answer("GET /api/v1/zones/example.org.", 200, Half);
        CommandRun run = await Ask("zone", "wait", "example.org", $"--timeout={timeout}");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--timeout must be 0 or more seconds", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, """{ "code": "unknown-zone", "detail": "the zone is not known" }""", ExitCode.Failed,
        "the zone is not known [unknown-zone]")]
    [InlineData(401, """{ "code": "token-needed", "detail": "a token is needed" }""", ExitCode.Failed, "--token-file")]
    [InlineData(400, """{ "code": "bad-name", "detail": "bad" }""", ExitCode.Usage, "bad [bad-name]")]
    [InlineData(409, """{ "code": "guard-shrink", "detail": "stopped" }""", ExitCode.StoppedByGuard, "stopped")]
    [InlineData(500, "not json", ExitCode.Failed, "answered 500")]
    [InlineData(200, "not json", ExitCode.Failed, "no agent's interface")]
    public async Task Failures_become_exit_codes(int status, string body, int exitCode, string message)
    {
        Answer("GET /api/v1/zones/example.org.", status, body);
        CommandRun run = await Ask("zone", "status", "example.org");
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    [Theory]
    [InlineData("live", "/livez", 200, "ok", ExitCode.Done)]
    [InlineData("ready", "/readyz", 503, "not ready: journal-away", ExitCode.Failed)]
    [InlineData("anycast", "/anycast", 503, "stay away: no target can be reached", ExitCode.Failed)]
    [InlineData("ready", "/readyz", 401, "{ \"detail\": \"the token\" }", ExitCode.Failed)]
    public async Task Health_is_an_exit_code(string check, string page, int status, string text, int exitCode)
    {
        Answer($"GET {page}", status, text + "\n");
        CommandRun run = await Ask("health", check);
        Assert.Equal(exitCode, run.ExitCode);
        if (status == 200) Assert.Equal(text, run.Output.Trim());
        else Assert.Contains(status == 401 ? "--token-file" : text, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/proxy", "/proxy/")]
    [InlineData("/a/b/", "/a/b/")]
    public async Task The_interface_may_stand_below_a_path(string path, string below)
    {
        Answer($"GET {below}api/v1/masters", 200, """{ "masters": [] }""");
        Answer($"GET {below}livez", 200, "ok");
        Assert.Equal(ExitCode.Done, (await CommandRun.Of("master", "list", "--api", _api + path)).ExitCode);
        Assert.Equal(ExitCode.Done, (await CommandRun.Of("health", "live", "--api", _api + path)).ExitCode);
        Assert.Equal(ExitCode.Usage, (await CommandRun.Of("master", "list", "--api", _api + path + "?x=y")).ExitCode);
    }

    [Fact]
    public async Task What_is_wrong_with_tls_is_said()
    {
        CommandRun run = await CommandRun.Of("master", "list", "--api", _api.Replace("http:", "https:", StringComparison.Ordinal));
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("no TLS: ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("inner exception", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_agent_ends_with_3()
    {
        await _server!.StopAsync();
        Assert.Equal(ExitCode.NotRunning, (await Ask("master", "list")).ExitCode);
    }

    private Task<CommandRun> Ask(params string[] arguments) => CommandRun.Of([.. arguments, "--api", _api]);

    private void Answer(string request, int status, params string[] bodies) =>
        _answers[request] = new Queue<(int, string)>(bodies.Select(body => (status, body)));

    private async Task AnswerAsync(HttpContext context)
    {
        string request =
            $"{context.Request.Method} {context.Request.Path.ToUriComponent()}{context.Request.QueryString} "
            + context.Request.Headers.Authorization;
        request = request.Trim();
        lock (_requests) _requests.Add(request);
        if (!_answers.TryGetValue(request, out Queue<(int Status, string Body)>? queue)
            || !queue.TryDequeue(out (int Status, string Body) answer))
        {
            answer = (500, $"{{ \"detail\": \"not in the script: {request}\" }}");
        }

        context.Response.StatusCode = answer.Status;
        await context.Response.WriteAsync(answer.Body);
    }
}
