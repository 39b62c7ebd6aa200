using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;

namespace Agent.Host.Web;

/// <summary>Says what is wrong with a request that no handler has seen: a parameter or a body that cannot be read.</summary>
internal static class BadRequests
{
    public static IResult Of(HttpContext context, BadHttpRequestException failure)
    {
        string detail = failure.InnerException is JsonException json ? WrongJson(json)
            : failure.StatusCode != StatusCodes.Status400BadRequest ? failure.Message
            : WrongNumber(context) ?? "a body in JSON is needed";
        return Problems.Of(failure.StatusCode, Problems.CodeOf(failure.StatusCode), detail);
    }

    /// <summary>The message of a value that does not fit names types of this program, which say nothing to the sender.</summary>
    private static string WrongJson(JsonException problem) => problem.InnerException is JsonException
        ? $"the body cannot be read as JSON: {problem.Message}"
        : $"the body has a value of the wrong kind at {problem.Path}";

    /// <summary>Numbers are the only parameters that do not take any text.</summary>
    private static string? WrongNumber(HttpContext context)
    {
        IEnumerable<IParameterBindingMetadata> parameters =
            context.GetEndpoint()?.Metadata.GetOrderedMetadata<IParameterBindingMetadata>() ?? [];
        foreach (IParameterBindingMetadata parameter in parameters.Where(p => p.ParameterInfo.ParameterType == typeof(int?)))
        {
            string text = context.Request.Query[parameter.Name].ToString();
            if (text.Length > 0 && !int.TryParse(text, out _))
                return $"{parameter.Name} must be a whole number, at most {int.MaxValue}, not '{text}'";
        }

        return null;
    }
}
