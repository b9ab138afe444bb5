using Microsoft.AspNetCore.Http;
using Overnight.Api.Pages;

namespace Overnight.Tests.Pages;

/// <summary>Addresses that a page leads back to.</summary>
public sealed class HtmlRequestTests
{
    [Theory]
    [InlineData("/history?cursor=a%20b", "/history?cursor=a%20b")]
    [InlineData("//elsewhere.example", "/")]
    [InlineData("/\\elsewhere.example", "/")]
    [InlineData("https://elsewhere.example/", "/")]
    [InlineData("/\u00fc", "/")]
    [InlineData("/a b", "/")]
    [InlineData("/a\r\nSet-Cookie: a=b", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void LocalOr_WhatIsNoPathOfThisSite_IsTheOther(string? address, string expected) =>
        Assert.Equal(expected, HtmlRequests.LocalOr(address, "/"));

    [Theory]
    [InlineData("GET", null, "/account/password?a=b")]
    [InlineData("POST", "https://night.example/account?a=b", "/account?a=b")]
    [InlineData("POST", "https://elsewhere.example/account", "/")]
    [InlineData("POST", "about:blank", "/")]
    [InlineData("POST", null, "/")]
    public void PageOf_AForm_IsThePageItWasSentFrom(string method, string? referer, string expected)
    {
        DefaultHttpContext context = new();
        context.Request.Method = method;
        context.Request.Host = new("night.example");
        context.Request.Path = "/account/password";
        context.Request.QueryString = new("?a=b");
        context.Request.Headers.Referer = referer;

        Assert.Equal(expected, HtmlRequests.PageOf(context.Request));
    }
}
