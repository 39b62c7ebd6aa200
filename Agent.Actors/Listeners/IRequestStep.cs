using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>One link of the chain between reading a request and doing what it asks: lets it pass, or says with what it ends.</summary>
public interface IRequestStep
{
    /// <summary>Looks at a request and may note in the context what later steps need.</summary>
    /// <returns>Null to pass it on.</returns>
    StepRefusal? Apply(ref RequestContext context);
}

/// <summary>How a step ends a request.</summary>
/// <param name="ResponseCode">The response code.</param>
/// <param name="Reason">The extended error, told to clients that use EDNS.</param>
/// <param name="Text">Its text.</param>
public readonly record struct StepRefusal(ResponseCode ResponseCode, ExtendedErrorCode? Reason = null, string? Text = null);
