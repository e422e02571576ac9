
   # an indented comment, which ends the directives
# escape=`

  FROM   debian:12	AS	odd  

RUN echo a \   
  # a comment between

  && echo b \

RUN-like-text-that-continues
RUN echo "a \\" && \
	echo '
CMD echo [not, json]
CMD ["one",    "two"  ,"\u00e9"]
ENV A=a\ b\
c D="x # no comment"
LABEL "quoted name"="v" a.b=
COPY a\ b c$d /
EXPOSE	1	2
RUN echo é 😀 \
 ü
RUN exit 0 \
