using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>The management interface of a running agent, asked what it must refuse.</summary>
public sealed class ManagementTests
{
    private const string NotANumber = "limit must be a whole number, at most 2147483647, not ";

    [Fact]
    public async Task Errors_are_problem_details_with_a_code()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("backend-driver = fake");
        using HttpClient http = new() { BaseAddress = new Uri($"http://{agent.Management}/") };
        (string Method, string Path, HttpStatusCode Status, string Code, string? Detail)[] cases =
        [
            ("GET", "api/v1/zones?state=lost", HttpStatusCode.BadRequest, "bad-state", "'lost' is not one of ok, "),
            ("GET", "api/v1/zones?limit=0", HttpStatusCode.BadRequest, "bad-limit", null),
            ("GET", "api/v1/zones?limit=x", HttpStatusCode.BadRequest, "bad-request", NotANumber + "'x'"),
            ("GET", "api/v1/events?limit=99999999999", HttpStatusCode.BadRequest, "bad-request", NotANumber),
            ("GET", "api/v1/zones?after=a..b", HttpStatusCode.BadRequest, "bad-name", null),
            ("GET", "api/v1/zones/a..b", HttpStatusCode.BadRequest, "bad-name", null),
            ("GET", "api/v1/zones/a%2Fb.test", HttpStatusCode.NotFound, "unknown-zone", "the zone a/b.test. "),
            ("GET", "api/v1/zones/a%2Fb.test?limit=1", HttpStatusCode.NotFound, "unknown-zone", "the zone a/b.test. "),
            ("GET", "api/v1/zones/a%252Fb.test", HttpStatusCode.NotFound, "unknown-zone", "the zone a%2Fb.test. "),
            ("GET", "api/v1/zones/@", HttpStatusCode.NotFound, "unknown-zone", "the zone . "),
            ("GET", "api/v1/zones/%40", HttpStatusCode.NotFound, "unknown-zone", "the zone . "),
            ("GET", "api/v1/cluster/pins", HttpStatusCode.NotFound, "no-cluster", "this agent stands alone"),
            ("GET", "api/v1/cluster/drain", HttpStatusCode.NotFound, "no-cluster", "this agent stands alone"),
            ("GET", "api/v1/cluster/nodes/a", HttpStatusCode.NotFound, "no-cluster", "this agent stands alone"),
            ("GET", "api/v1/catalogs/a%2Fb.test", HttpStatusCode.NotFound, "unknown-zone", "a/b.test. is not a catalog"),
            ("GET", "api/v1/catalogs/a%252Fb.test", HttpStatusCode.NotFound, "unknown-zone", "a%2Fb.test. is not a catalog"),
            ("GET", "api/v1/nothing", HttpStatusCode.NotFound, "not-found", null),
            ("DELETE", "api/v1/zones/a.test", HttpStatusCode.Unauthorized, "token-needed", null),
        ];
        foreach ((string method, string path, HttpStatusCode status, string code, string? detail) in cases)
        {
            using HttpRequestMessage request = new(new HttpMethod(method), path);
            using HttpResponseMessage response = await http.SendAsync(request);
            Assert.Equal((path, status), (path, response.StatusCode));
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            JsonElement problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal((path, code), (path, problem.GetProperty("code").GetString()));
            if (detail is not null) Assert.StartsWith(detail, problem.GetProperty("detail").GetString());
        }
    }

    [Fact]
    public async Task A_body_that_cannot_be_taken_is_told_why()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("""
            backend-driver = fake
            management.host-names = ["*.example.net"]
            """);
        using HttpClient http = new() { BaseAddress = new Uri($"http://{agent.Management}/") };
        http.DefaultRequestHeaders.Host = "ns1.example.net";
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(agent.DataFolder, "api-token"))).Trim());
        (string Body, string Type, HttpStatusCode Status, string Code, string Detail)[] cases =
        [
            ("{ name", "application/json", HttpStatusCode.BadRequest, "bad-request", "the body cannot be read as JSON: 'n' is an invalid"),
            ("{ \"name\": 7 }", "application/json", HttpStatusCode.BadRequest, "bad-request",
                "the body has a value of the wrong kind at $.name"),
            ("", "application/json", HttpStatusCode.BadRequest, "bad-request", "a body in JSON is needed"),
            ("null", "application/json", HttpStatusCode.BadRequest, "bad-request", "a body in JSON is needed"),
            ("{ }", "text/plain", HttpStatusCode.UnsupportedMediaType, "unsupported-media-type", "the body must be application/json"),
            (new string(' ', 1 << 21), "application/json", HttpStatusCode.RequestEntityTooLarge, "too-large",
                "the body of a request may have 1048576 octets"),
        ];
        foreach ((string body, string type, HttpStatusCode status, string code, string detail) in cases)
        {
            using StringContent content = new(body, null, type);
            using HttpResponseMessage response = await http.PostAsync("api/v1/zones", content);
            Assert.Equal((code, status), (code, response.StatusCode));
            JsonElement problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal(code, problem.GetProperty("code").GetString());
            Assert.StartsWith(detail, problem.GetProperty("detail").GetString());
        }
    }

    /// <summary>Probers often ask for the head alone.</summary>
    [Fact]
    public async Task What_can_be_read_has_a_head_of_its_own()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("backend-driver = fake");
        using HttpClient http = new() { BaseAddress = new Uri($"http://{agent.Management}/") };
        foreach (string path in (string[])["livez", "readyz", "metrics", "", "api/v1/zones", "api/v1/cluster"])
        {
            using HttpRequestMessage request = new(HttpMethod.Head, path);
            using HttpResponseMessage response = await http.SendAsync(request);
            Assert.Equal((path, HttpStatusCode.OK), (path, response.StatusCode));
            Assert.Empty(await response.Content.ReadAsByteArrayAsync());
        }
    }

    /// <summary>A watch over the working folder would wake the process at each write of the journal below it.</summary>
    [Fact]
    public async Task The_interface_watches_no_files()
    {
        await using AgentProcess agent = await AgentProcess.StartedAsync("backend-driver = fake");

        string[] open =
        [
            .. new DirectoryInfo($"/proc/{agent.Process!.Id}/fd").EnumerateFileSystemInfos()
                .Select(descriptor => descriptor.LinkTarget).OfType<string>(),
        ];

        Assert.Contains(open, target => target.StartsWith("socket:", StringComparison.Ordinal));
        Assert.DoesNotContain(open, target => target.Contains("inotify", StringComparison.Ordinal));
    }
}
