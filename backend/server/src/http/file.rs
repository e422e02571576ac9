//! Bytes from a file, whole or a part of them, without holding them in memory.

use std::{fs::File, io::SeekFrom};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{Body, Part, Range, Response};

/// How much of a file is in memory for one reply.
const BUFFER: usize = 128 * 1024;

/// A file to send.
#[derive(Debug)]
pub struct Content {
    /// Open for reading.
    pub file: File,
    /// Its size.
    pub size: u64,
    /// Its entity tag with quotes; contents that never change may be resumed by it.
    pub etag: String,
}

/// The reply to a request with `headers` for `content`: 200, 206, 304 or 416, without a content type.
pub async fn content(headers: &HeaderMap, head: bool, content: Content) -> std::io::Result<Response> {
    let Content { file, size, etag } = content;
    let value = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let mut response = Response::new(Body::empty());
    let reply = response.headers_mut();
    reply.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        reply.insert(header::ETAG, etag);
    }
    if value(header::IF_NONE_MATCH).is_some_and(|tags| matches_etag(tags, &etag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    // A part of something else is worth nothing: If-Range with another tag means the whole.
    let same = value(header::IF_RANGE).is_none_or(|tag| tag == etag);
    let range = if same { Range::parse(value(header::RANGE), size) } else { Range::Whole };
    let part = match range {
        Range::Whole => Part { start: 0, length: size },
        Range::Part(part) => {
            reply.insert(header::CONTENT_RANGE, content_range(part, size));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            part
        }
        Range::Unsatisfiable => {
            let range = format!("bytes */{size}");
            reply.insert(header::CONTENT_RANGE, HeaderValue::from_str(&range).expect("digits"));
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            return Ok(response);
        }
    };
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(part.length));
    if !head && part.length > 0 {
        let mut file = tokio::fs::File::from_std(file);
        file.set_max_buf_size(BUFFER);
        file.seek(SeekFrom::Start(part.start)).await?;
        let stream = ReaderStream::with_capacity(file.take(part.length), BUFFER);
        *response.body_mut() = Body::from_stream(stream);
    }
    Ok(response)
}

/// The same for a file that others made, which is hostile: a download that is never a page, a script or a frame of this
/// origin.
pub async fn hostile_content(
    headers: &HeaderMap,
    head: bool,
    whole: Content,
    disposition: HeaderValue,
    cache: HeaderValue,
) -> std::io::Result<Response> {
    let mut response = content(headers, head, whole).await?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(header::CACHE_CONTROL, cache);
    Ok(response)
}

fn content_range(part: Part, size: u64) -> HeaderValue {
    let range = format!("bytes {}-{}/{size}", part.start, part.start + part.length - 1);
    HeaderValue::from_str(&range).expect("digits")
}

/// Whether an `If-None-Match` list has the tag; weak comparison.
pub(crate) fn matches_etag(list: &str, etag: &str) -> bool {
    list.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    async fn get(headers: &[(header::HeaderName, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(b"0123456789").expect("written");
        let content_of = Content { file, size: 10, etag: "\"x\"".into() };
        let headers =
            headers.iter().map(|(k, v)| (k.clone(), HeaderValue::from_str(v).expect("ascii"))).collect();
        let (head, body) = content(&headers, false, content_of).await.expect("readable").into_parts();
        (head.status, head.headers, axum::body::to_bytes(body, 100).await.expect("readable").to_vec())
    }

    #[tokio::test]
    async fn whole_parts_and_conditions() {
        let (status, headers, body) = get(&[]).await;
        assert_eq!(
            (status, body.as_slice(), &headers[header::CONTENT_LENGTH]),
            (StatusCode::OK, b"0123456789".as_slice(), &HeaderValue::from(10))
        );

        let (status, headers, body) = get(&[(header::RANGE, "bytes=3-4")]).await;
        assert_eq!((status, body.as_slice()), (StatusCode::PARTIAL_CONTENT, b"34".as_slice()));
        assert_eq!(headers[header::CONTENT_RANGE], "bytes 3-4/10");
        assert_eq!(headers[header::CONTENT_LENGTH], "2");

        let (status, headers, body) = get(&[(header::RANGE, "bytes=10-")]).await;
        assert_eq!((status, body.len()), (StatusCode::RANGE_NOT_SATISFIABLE, 0));
        assert_eq!(headers[header::CONTENT_RANGE], "bytes */10");

        let (status, ..) = get(&[(header::RANGE, "bytes=3-4"), (header::IF_RANGE, "\"y\"")]).await;
        assert_eq!(status, StatusCode::OK);
        let (status, ..) = get(&[(header::RANGE, "bytes=3-4"), (header::IF_RANGE, "\"x\"")]).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT);
        let (status, _, body) = get(&[(header::IF_NONE_MATCH, "\"a\", W/\"x\"")]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    }
}
