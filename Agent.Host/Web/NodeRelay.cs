using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Host.Web;

/// <summary>Has the node answer that knows: any node of the cluster may be asked about every target.</summary>
internal sealed class NodeRelay(ManagementParts parts)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The answer of the node, or why it gives none; null when this one is to answer itself.</summary>
    public async Task<IResult?> PassAsync(HttpContext context, string node)
    {
        if (node.Length == 0 || node == parts.NodeName || RelayedRequests.Is(context) || parts.Cluster is not { } cluster) return null;
        ClusterState state = await cluster.View.Ask<ClusterState>(new GetClusterState(), Patience);
        if (state.IsCurrent && !state.View.Members.ContainsKey(node))
        {
            return state.View.Nodes.ContainsKey(node)
                ? Problems.Of(NodeAnswer.Silent, "no-answer", $"the node {node}, which knows, is down")
                : Problems.Of(StatusCodes.Status404NotFound, "unknown-node", $"the cluster has no node {node}");
        }

        NodeAnswer answer = await AskAsync(node, context.Request.Method, $"{context.Request.Path}{context.Request.QueryString}");
        if (answer.Body.IsEmpty && answer.Status >= StatusCodes.Status400BadRequest) return Silent(node, answer.Status);
        string type = answer.Status < StatusCodes.Status400BadRequest ? "application/json" : "application/problem+json";
        return answer.Body.IsEmpty
            ? Results.StatusCode(answer.Status)
            : Results.Content(Encoding.UTF8.GetString(answer.Body.AsSpan()), type, Encoding.UTF8, answer.Status);
    }

    /// <summary>What each of the nodes answers to a question; without those that did not.</summary>
    public async Task<ImmutableArray<(string Node, T Answer)>> AskEachAsync<T>(IEnumerable<string> nodes, string target)
        where T : class
    {
        (string Node, T? Answer)[] answers = await Task.WhenAll(
            nodes.Select(async node => (node, Read<T>(await AskAsync(node, "GET", target)))));
        return [.. answers.Where(a => a.Answer is not null).Select(a => (a.Node, a.Answer!))];
    }

    /// <summary>Tells each of the other members, and gives the first answer that is a success, or else none.</summary>
    public async Task<NodeAnswer?> TellOthersAsync(HttpContext context)
    {
        if (RelayedRequests.Is(context)) return null;
        NodeAnswer[] answers = await Task.WhenAll((await OthersAsync()).Select(
            node => AskAsync(node, context.Request.Method, $"{context.Request.Path}{context.Request.QueryString}")));
        return Array.Find(answers, a => a.Status < StatusCodes.Status400BadRequest);
    }

    /// <summary>The other members of the cluster.</summary>
    public async Task<ImmutableArray<string>> OthersAsync()
    {
        if (parts.Cluster is not { } cluster) return [];
        ClusterState state = await cluster.View.Ask<ClusterState>(new GetClusterState(), Patience);
        return [.. state.View.Members.Keys.Where(node => node != parts.NodeName).Order(StringComparer.Ordinal)];
    }

    private async Task<NodeAnswer> AskAsync(string node, string method, string target) => parts.Cluster?.Questions is { } questions
        ? await questions.Ask<NodeAnswer>(new AskNode(node, method, target), Patience)
        : new NodeAnswer(0, NodeAnswer.Busy, []);

    private static T? Read<T>(NodeAnswer answer)
        where T : class
    {
        if (answer.Status != StatusCodes.Status200OK) return null;
        try
        {
            return JsonSerializer.Deserialize<T>(answer.Body.AsSpan(), Json);
        }
        catch (JsonException)
        {
            // Of another release.
            return null;
        }
    }

    private static IResult Silent(string node, int status) => status switch
    {
        NodeAnswer.Silent => Problems.Of(status, "no-answer", $"the node {node}, which knows, did not answer in time"),
        NodeAnswer.TooLarge => Problems.Of(status, "too-large", $"the answer of the node {node} is too large; ask the agent there"),
        _ => Problems.Of(status, "node-busy", $"the node {node}, which knows, takes no question now; ask again in a moment"),
    };
}
