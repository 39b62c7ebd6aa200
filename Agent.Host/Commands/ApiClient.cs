using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Agent.Dns.Net;

namespace Agent.Host.Commands;

/// <summary>The management interface did not do what was asked.</summary>
/// <param name="exitCode">What the command should end with.</param>
internal sealed class ApiException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>Asks the management interface of a running agent, and turns its errors into exit codes.</summary>
internal sealed class ApiClient : IDisposable
{
    private const int AnswerBytesMax = 64 * 1024 * 1024;
    private readonly HttpClient _client;

    /// <param name="token">Needed for writes, and for everything beyond loopback; null: none.</param>
    public ApiClient(Uri address, string? token, TimeSpan timeout)
    {
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = static (context, cancellation) => ConnectedStream.OpenAsync(context.DnsEndPoint, cancellation),
            ConnectTimeout = timeout,
            AllowAutoRedirect = false,
            UseProxy = false,
        };
        _client = new HttpClient(handler)
        {
            BaseAddress = address,
            Timeout = timeout,
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
        if (token is not null) _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public void Dispose() => _client.Dispose();

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, cancellation);

    /// <summary>A question whose answer has a body also where its status says no (503).</summary>
    public Task<JsonElement> GetStateAsync(string path, CancellationToken cancellation) =>
        CallAsync(
            HttpMethod.Get,
            path,
            null,
            static (status, body) => status is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable
                ? JsonSerializer.Deserialize<JsonElement>(body)
                : throw Failure(status, body),
            cancellation);

    public Task<JsonElement> PostAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Post, path, cancellation);

    public Task<JsonElement> DeleteAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Delete, path, cancellation);

    public Task<JsonElement> PutAsync(string path, object body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Put, path, cancellation, body);

    /// <summary>A page of plain text whose status says whether all is well (503: it is not).</summary>
    public Task<(bool IsWell, string Text)> GetTextAsync(string path, CancellationToken cancellation) =>
        CallAsync(
            HttpMethod.Get,
            path,
            null,
            static (status, body) => status is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable
                ? (status == HttpStatusCode.OK, Encoding.UTF8.GetString(body).Trim())
                : throw Failure(status, body),
            cancellation);

    /// <summary>An answer without a body gives an undefined element.</summary>
    private Task<JsonElement> SendAsync(HttpMethod method, string path, CancellationToken cancellation, object? content = null) =>
        CallAsync(
            method,
            path,
            content,
            static (status, body) =>
            {
                if ((int)status is < 200 or > 299) throw Failure(status, body);
                return body.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(body);
            },
            cancellation);

    private async Task<T> CallAsync<T>(
        HttpMethod method, string path, object? content, Func<HttpStatusCode, byte[], T> read, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content is null ? null : JsonContent.Create(content) };
            using HttpResponseMessage response = await _client.SendAsync(request, cancellation);
            return read(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ApiException(ExitCode.TimedOut,
                $"{_client.BaseAddress} did not answer within {_client.Timeout.TotalSeconds:0.###} s");
        }
        catch (HttpRequestException failure) when (IsAbsent(failure))
        {
            throw new ApiException(ExitCode.NotRunning, $"no agent answers at {_client.BaseAddress} ({failure.Message})");
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException)
        {
            // The outer failure only says that there is an inner one.
            string why = failure.GetBaseException().Message;
            if (failure is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }) why = $"no TLS: {why}";
            throw new ApiException(ExitCode.Failed, $"{_client.BaseAddress} is no agent's interface: {PlainText.Of(why)}");
        }
    }

    private static bool IsAbsent(HttpRequestException failure) =>
        failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            || failure.InnerException is SocketException;

    /// <summary>RFC 9457 problem details, with our stable word in <c>code</c>.</summary>
    private static ApiException Failure(HttpStatusCode status, byte[] body)
    {
        string code = "";
        string detail = $"the agent answered {(int)status}";
        try
        {
            JsonElement problem = JsonSerializer.Deserialize<JsonElement>(body);
            if (problem.ValueKind == JsonValueKind.Object)
            {
                code = Text(problem, "code");
                string given = Text(problem, "detail");
                if (given.Length > 0) detail = given;
            }
        }
        catch (JsonException)
        {
            // Not ours: the status alone must do.
        }

        string hint = status == HttpStatusCode.Unauthorized ? " (--token-file FILE)" : "";
        return new ApiException(ExitCodeOf(status, code), PlainText.Of(code.Length > 0 ? $"{detail} [{code}]{hint}" : detail + hint));
    }

    internal static int ExitCodeOf(HttpStatusCode status, string code) => status switch
    {
        _ when IsGuard(code) => ExitCode.StoppedByGuard,
        HttpStatusCode.BadRequest => ExitCode.Usage,
        HttpStatusCode.GatewayTimeout => ExitCode.TimedOut,
        _ => ExitCode.Failed,
    };

    public static bool IsGuard(string reasonCode) => reasonCode.StartsWith("guard-", StringComparison.Ordinal);

    /// <summary>The member as text, "" where it is absent or null.</summary>
    public static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement member)
            && member.ValueKind != JsonValueKind.Null
            ? member.ToString()
            : "";

    /// <summary>The items of a list, none where it is absent.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement member)
            && member.ValueKind == JsonValueKind.Array
            ? member.EnumerateArray()
            : [];
}
