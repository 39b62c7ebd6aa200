using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using Agent.Actors.Backends;
using Agent.Backends.PowerDnsApi;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.PowerDnsApi;

/// <summary>The driver against an API that says what a test wants.</summary>
public sealed class PowerDnsApiBackendTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    [Theory]
    [InlineData(503, "busy", OrderOutcome.Away, "busy")]
    [InlineData(500, "", OrderOutcome.Away, "500")]
    [InlineData(418, "{\"error\": \"no coffee\\nhere\"}", OrderOutcome.Refused, "no coffee here")]
    [InlineData(401, "Unauthorized", OrderOutcome.Away, "api-key")]
    [InlineData(403, "Forbidden", OrderOutcome.Away, "webserver-allow-from")]
    [InlineData(422, "{\"error\": \"what a name\"}", OrderOutcome.Refused, "what a name")]
    [InlineData(200, "not JSON", OrderOutcome.Away, "cannot be read")]
    [InlineData(200, "{\"kind\": 1}", OrderOutcome.Away, "cannot be read")]
    [InlineData(200, "[]", OrderOutcome.Away, "cannot be read")]
    public async Task An_answer_that_is_not_the_expected_one_ends_the_order_with_its_words(
        int status, string body, OrderOutcome outcome, string words)
    {
        await using ScriptedApi api = new((method, _) => method == "POST" ? (409, "") : (status, body));
        await using PowerDnsApiBackend backend = api.Backend();

        OrderFinished answer = await new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.True(answer.Outcome == outcome, answer.ToString());
        Assert.Contains(words, answer.Reason!.Text, StringComparison.Ordinal);
    }

    /// <summary>Else the target would be up, and nobody told why nothing gets through.</summary>
    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task A_server_that_does_not_let_us_in_is_away(int status)
    {
        await using ScriptedApi api = new((_, _) => (status, "no"));
        await using PowerDnsApiBackend backend = api.Backend();
        BackendCaller caller = new(backend);

        foreach (OrderFinished answer in (OrderFinished[])[await caller.ProbeAsync(), await caller.RemoveAsync(Zone)])
        {
            Assert.Equal(OrderOutcome.Away, answer.Outcome);
            Assert.Contains("does not let us in", answer.Reason!.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_small_zone_that_is_not_there_is_one_request()
    {
        await using ScriptedApi api = new((_, _) => (201, ""));
        await using PowerDnsApiBackend backend = api.Backend();

        Assert.Equal(OrderOutcome.Done, (await new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1))).Outcome);

        Assert.Equal(["POST"], api.Requests.Select(MethodOf));
    }

    [Theory]
    [InlineData(null, "", "POST GET")]
    [InlineData(0, "", "POST GET GET DELETE")]
    [InlineData(0, "{}", "POST GET GET GET GET PATCH")]
    [InlineData(7, "", "POST GET GET GET PATCH")]
    public async Task After_a_refused_creation_only_a_zone_without_records_is_taken_away(int? serial, string sets, string requests)
    {
        string zone = $$"""
            { "kind": "Native", "serial": {{serial}}, "edited_serial": {{serial}}, "soa_edit": "NONE",
              "soa_edit_api": "", "api_rectify": true, "rrsets": [{{(sets.Length == 0 ? "" : """{"name": "target.example.", "type": "TXT", "ttl": 1, "records": []}""")}}] }
            """;
        await using ScriptedApi api = new((method, _) =>
            method is "POST" or "PATCH" ? (422, "{\"error\": \"not so\"}")
            : method == "DELETE" ? (204, "")
            : serial is null ? (404, "Not Found")
            : (200, zone));
        await using PowerDnsApiBackend backend = api.Backend();

        OrderFinished answer = await new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1));

        Assert.Equal(OrderOutcome.Refused, answer.Outcome);
        Assert.Contains("not so", answer.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(requests, string.Join(' ', api.Requests.Select(MethodOf)));
    }

    [Theory]
    [InlineData("[{\"name\": \"a.example.\", \"kind\": \"Native\"}, {\"name\": \"b.exa")]
    [InlineData("[{\"name\": \"a.example.\", \"kind\": \"Native\"} {}]")]
    [InlineData("[[[[")]
    public async Task A_list_that_breaks_off_is_no_list(string body)
    {
        await using ScriptedApi api = new((_, _) => (200, body));
        await using PowerDnsApiBackend backend = api.Backend();

        ServedListed answer = await new BackendCaller(backend).ListAsync();

        Assert.Empty(answer.Zones);
        Assert.Contains("cannot be read", answer.Failure!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sets_are_found_in_a_long_text_whatever_stands_around_them()
    {
        string sets = string.Join(", ", Enumerable.Range(0, 5000).Select(i => $$"""
            {"name": "h{{i}}.target.example.", "type": "A", "ttl": 300,
              "records": [{"content": "192.0.{{i >> 8}}.{{i & 255}}", "disabled": false}]}
            """));
        const string Alone = """
            { "kind": "Native", "serial": 1, "edited_serial": 1, "soa_edit": "NONE", "soa_edit_api": "", "api_rectify": true }
            """;
        string zone = $$"""
            { "kind": "Native", "a": {"rrsets": [1]}, "b": [[{"rrsets": []}]], "rrsets": [ {{sets}},
              {"name": "target.example.", "type": "SOA", "ttl": 300, "records": [
                {"content": "NS1.elsewhere.test. ns1.elsewhere.test. 1 3600 600 86400 300", "disabled": false}]},
              {"name": "TARGET.example.", "type": "NS", "ttl": 300, "records": [{"content": "ns1.elsewhere.test.", "disabled": false}]}
            ], "z": {} }
            """;
        await using ScriptedApi api = new((_, path) => (200, path.Contains("rrsets=false", StringComparison.Ordinal) ? Alone : zone));
        await using PowerDnsApiBackend backend = api.Backend();

        OrderFinished answer = await new BackendCaller(backend).ApplyAsync(Zone, SmallZone.Create(Zone, 1, hosts: 5000));

        Assert.True(answer.Outcome == OrderOutcome.Done, answer.ToString());
        Assert.All(api.Requests, request => Assert.StartsWith("GET", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_that_fails_beside_others_is_tried_again_alone()
    {
        int failures = 0;
        await using ScriptedApi api = new((_, _) => Interlocked.Increment(ref failures) <= 3 ? (500, "locked") : (204, ""));
        await using PowerDnsApiBackend backend = api.Backend();

        Assert.Equal(OrderOutcome.Done, (await new BackendCaller(backend).RemoveAsync(Zone)).Outcome);
        Assert.Equal(4, api.Requests.Count);
    }

    [Fact]
    public async Task A_restart_is_seen_by_the_uptime()
    {
        string uptime = "1000";
        await using ScriptedApi api = new((_, path) => (200, path.Contains("uptime", StringComparison.Ordinal)
            ? $$"""[{"name": "uptime", "type": "StatisticItem", "value": "{{uptime}}"}]""" : "{}"));
        await using PowerDnsApiBackend backend = api.Backend();
        BackendCaller caller = new(backend);

        string? first = (await caller.ProbeAsync()).ServerRun;
        uptime = "1001";
        string? second = (await caller.ProbeAsync()).ServerRun;
        uptime = "2";
        string? third = (await caller.ProbeAsync()).ServerRun;

        Assert.NotNull(first);
        Assert.Equal(first, second);
        Assert.NotEqual(second, third);
    }

    private static string MethodOf(string request) => request[..request.IndexOf(' ', StringComparison.Ordinal)];

    /// <summary>Answers each request by a script.</summary>
    private sealed class ScriptedApi : IAsyncDisposable
    {
        private readonly Lock _gate = new();
        private readonly HttpListener _listener = new();
        private readonly Func<string, string, (int Status, string Body)> _script;
        private readonly Uri _url;
        private readonly Task _serving;

        public ScriptedApi(Func<string, string, (int Status, string Body)> script)
        {
            _script = script;
            _url = new Uri($"http://127.0.0.1:{Agent.Bench.Peers.LoopbackPort.Next()}/");
            _listener.Prefixes.Add(_url.ToString());
            _listener.Start();
            _serving = ServeAsync();
        }

        public ConcurrentQueue<string> Requests { get; } = new();

        public PowerDnsApiBackend Backend() =>
            new(new PowerDnsApiOptions(_url, "k", new IPEndPoint(IPAddress.Loopback, 9)), TimeProvider.System);

        public async ValueTask DisposeAsync()
        {
            lock (_gate) _listener.Close();
            await _serving;
        }

        private async Task ServeAsync()
        {
            while (TryBegin(out Task<HttpListenerContext>? next))
            {
                try
                {
                    HttpListenerContext context = await next;
                    Requests.Enqueue($"{context.Request.HttpMethod} {context.Request.RawUrl}");
                    (int status, string body) = _script(context.Request.HttpMethod, context.Request.RawUrl ?? "");
                    context.Response.StatusCode = status;
                    byte[] octets = Encoding.UTF8.GetBytes(body);
                    // In chunks, an empty body would end twice, and the second end be taken for the next answer.
                    context.Response.ContentLength64 = octets.Length;
                    await context.Response.OutputStream.WriteAsync(octets);
                    context.Response.Close();
                }
                catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }

        /// <summary>False when closed. A wait that began while the listener closes would never end, so neither goes on beside the
        /// other.</summary>
        private bool TryBegin([NotNullWhen(true)] out Task<HttpListenerContext>? next)
        {
            lock (_gate)
            {
                next = _listener.IsListening ? _listener.GetContextAsync() : null;
                return next is not null;
            }
        }
    }
}
