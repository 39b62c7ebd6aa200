using Agent.Actors.Kernel;

namespace Agent.Tests.Backends;

/// <summary>Takes one answer; a second one is an error.</summary>
internal sealed class AnswerOnce : IActorRef
{
    private readonly TaskCompletionSource<object> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Path => "/answer-once";

    public Task<object> Answer => _answer.Task;

    public void Tell(object message, IActorRef? sender = null) => _answer.SetResult(message);
}
